using System;
using System.Linq;
using System.Text;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Tests;

/// <summary>Sec-WebSocket-Accept against the RFC's example and the framework.</summary>
public sealed class AcceptKeyTests
{
    [Fact]
    public void The_rfcs_example() => Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Compute(new AcceptKey(), "dGhlIHNhbXBsZSBub25jZQ=="));

    [Fact]
    public void Random_keys_by_one_instance_agree_with_the_frameworks_sha1()
    {
        Random random = new(6455);
        AcceptKey accept = new();
        for (int i = 0; i < 2000; i++)
        {
            byte[] nonce = new byte[16];
            random.NextBytes(nonce);
            string key = Convert.ToBase64String(nonce);
            Assert.Equal(Heads.AcceptOf(key), Compute(accept, key));
        }
    }

    private static string Compute(AcceptKey accept, string key)
    {
        byte[] output = Enumerable.Repeat((byte)0xEE, AcceptKey.Size + 4).ToArray();
        accept.Compute(Encoding.ASCII.GetBytes("  " + key), 2, output, 2);
        Assert.Equal(new byte[] { 0xEE, 0xEE }, output[..2]);
        Assert.Equal(new byte[] { 0xEE, 0xEE }, output[^2..]);
        return Encoding.ASCII.GetString(output, 2, AcceptKey.Size);
    }
}
