using System;
using System.Linq;
using System.Text;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>The peer is called rightly: what zlib deflates here, it inflates.</summary>
public sealed class ZlibTests
{
    [Theory]
    [InlineData(Zlib.SyncFlush, ZlibVerdict.Unfinished)]
    [InlineData(Zlib.FullFlush, ZlibVerdict.Unfinished)]
    [InlineData(Zlib.Finish, ZlibVerdict.Final)]
    public void What_zlib_deflates_it_inflates(int flush, ZlibVerdict verdict)
    {
        Zlib.Require();
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i * i} ")));
        for (int bits = 8; bits <= 15; bits++)
        {
            byte[] deflated = Zlib.Deflate([text], bits, flush)[0];

            Assert.Equal(verdict, Zlib.Inflate(deflated, bits == 8 ? 9 : bits, out byte[] inflated, out int taken));
            Assert.Equal(text, inflated);
            Assert.Equal(deflated.Length, taken);
            Assert.Equal(flush != Zlib.Finish, deflated.AsSpan().EndsWith<byte>([0, 0, 0xFF, 0xFF]));
        }
    }

    [Fact]
    public void What_is_not_deflate_zlib_refuses()
    {
        Zlib.Require();

        Assert.Equal(ZlibVerdict.Invalid, Zlib.Inflate([0x06], 15, out _, out _));
    }
}
