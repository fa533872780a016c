using System;
using System.IO;
using System.Text;
using Ws.Micro.Deflate.Tests.Support;
using Ws.Micro.Desktop;
using Ws.Micro.Framing;
using Ws.Micro.Handshake;

namespace Ws.Micro.Deflate.Tests;

/// <summary>What a connection takes, both directions, with the headers of objects and arrays: all that constructing it allocates.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class PerMessageDeflateMemoryTests(ITestOutputHelper log)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void On_the_device_with_windows_of_9_bits_it_is_5_KB_with_the_engine_and_its_buffers(bool isServer)
    {
        PerMessageDeflateOptions options = new() { DynamicCodes = false, LookupBits = 0 };
        DeflateParameters agreed = Agreed(9);

        long allocated = Allocated(() => (
            new WebSocketEngine(isServer, Limits.DefaultMaxMessageSize, new PerMessageDeflate(isServer, agreed, options)), new byte[512], new byte[512]));

        Assert.InRange(allocated, options.MemoryBytes(9, 9) + 1024, 5 * 1024);
    }

    [Fact]
    public void On_dotnet_with_windows_of_15_bits_a_socket_is_160_KB()
    {
        MicroWebSocketOptions options = new() { KeepAliveInterval = TimeSpan.Zero, Deflate = new PerMessageDeflateOptions { MemoryLimit = 160 * 1024 } };
        DeflateParameters agreed = Agreed(15);
        Assert.Equal(160_599, options.Deflate.MemoryBytes(15, 15));
        Assert.Equal(15, options.Deflate.Fit().MaxSendWindowBits);
        Assert.Equal(15, options.Deflate.Fit().MaxReceiveWindowBits);

        long allocated = Allocated(() => MicroWebSocket.CreateFromStream(Stream.Null, true, options, null, agreed));

        Assert.InRange(allocated, options.Deflate.MemoryBytes(15, 15), 160 * 1024);
    }

    private static DeflateParameters Agreed(int bits)
    {
        byte[] offer = Encoding.ASCII.GetBytes($"permessage-deflate; server_max_window_bits={bits}; client_max_window_bits={bits}");
        return DeflateNegotiation.Accept(offer, 0, offer.Length, new DeflateOptions())!;
    }

    // The second time, because the first also pays for types that are used for the first time.
    private long Allocated<T>(Func<T> make)
    {
        long allocated = 0;
        for (int time = 0; time < 2; time++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            T made = make();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            GC.KeepAlive(made);
        }

        log.WriteLine($"{allocated} bytes");
        return allocated;
    }
}
