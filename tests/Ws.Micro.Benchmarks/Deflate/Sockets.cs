using System;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using Ws.Micro.Desktop;
using Ws.Micro.Handshake;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>Sockets with permessage-deflate and context takeover, ours and .NET's, over streams whose handshake is thought done.</summary>
internal static class Sockets
{
    /// <summary>What .NET's default settings are, with the memory for any window.</summary>
    public static PerMessageDeflateOptions OnDotnet => new() { MemoryLimit = int.MaxValue };

    /// <summary>What the device's are.</summary>
    public static PerMessageDeflateOptions OnDevice => new() { DynamicCodes = false, LookupBits = 0 };

    /// <summary>What a handshake agrees on where both sides use windows of so many bits.</summary>
    public static DeflateParameters Agreed(int windowBits)
    {
        byte[] offer = Encoding.ASCII.GetBytes($"permessage-deflate; server_max_window_bits={windowBits}; client_max_window_bits={windowBits}");
        return DeflateNegotiation.Accept(offer, 0, offer.Length, new DeflateOptions())!;
    }

    /// <summary>Encoder and decoder of one side, without a socket.</summary>
    public static PerMessageDeflate Codecs(bool isServer, int windowBits, PerMessageDeflateOptions options) => new(isServer, Agreed(windowBits), options);

    /// <summary>Encodes a message.</summary>
    /// <returns>Its size in <paramref name="output"/>.</returns>
    public static int Encode(this PerMessageDeflate codecs, byte[] message, byte[] output)
    {
        codecs.BeginEncode(message.Length, true);
        int size = codecs.Encode(message, 0, message.Length, true, output, 0, output.Length);
        return codecs.EncodeDone ? size : throw new InvalidOperationException("A message grew beyond its room.");
    }

    public static WebSocket Ours(Stream stream, bool isServer, int windowBits) => MicroWebSocket.CreateFromStream(
        stream, isServer, new MicroWebSocketOptions { KeepAliveInterval = TimeSpan.Zero, Deflate = OnDotnet }, null, Agreed(windowBits));

    public static WebSocket Dotnets(Stream stream, bool isServer, int windowBits) => WebSocket.CreateFromStream(stream, new WebSocketCreationOptions
    {
        IsServer = isServer,
        KeepAliveInterval = TimeSpan.Zero,
        DangerousDeflateOptions = new WebSocketDeflateOptions { ClientMaxWindowBits = windowBits, ServerMaxWindowBits = windowBits },
    });
}
