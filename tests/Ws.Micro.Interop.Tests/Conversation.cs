using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace Ws.Micro.Interop.Tests;

/// <summary>
/// What both ends do: the client sends a message of each size, each when the one before has come back; the server sends each back; then one of
/// them closes. Either sends its messages in so many fragments.
/// </summary>
internal sealed record Conversation(string Kind, int[] Sizes, int Fragments, bool ClientCloses, int Code, string Reason)
{
    public const string Text = "text", Binary = "binary";

    // Around each length form of a frame's header (RFC 6455 §5.2), and more than any buffer holds.
    private static readonly int[] EchoSizes = [0, 125, 126, 65_535, 65_536, 8 * 1024 * 1024];

    public static Conversation Echo(string kind, bool fragmented) => new(kind, EchoSizes, fragmented ? 5 : 1, true, 3001, "done ✓");

    public static Conversation Close(bool clientCloses, int code, string reason) => new(Text, [], 1, clientCloses, code, reason);

    /// <summary>What a server that is a script has to know, as the query of the URL.</summary>
    public string Query =>
        $"?fragments={Fragments}&count={Sizes.Length}" + (ClientCloses ? "" : $"&code={Code}&reason={Uri.EscapeDataString(Reason)}");

    /// <summary>The bytes of one message. Text has characters of 1 to 4 bytes, so that fragments part some of them.</summary>
    public static byte[] Payload(string kind, int size)
    {
        byte[] period = kind == Text ? Encoding.UTF8.GetBytes("aé€😀") : [.. Enumerable.Range(0, 251).Select(static i => (byte)i)];
        byte[] payload = new byte[size];
        for (int i = 0; i < size; i++)
        {
            payload[i] = period[i % period.Length];
        }

        if (kind == Text)
        {
            payload.AsSpan(size - (size % period.Length)).Fill((byte)'x');
        }

        return payload;
    }

    /// <summary>Both ends saw every message whole, and the same end.</summary>
    public void Check(Transcript client, Transcript server)
    {
        Assert.Null(client.Error);
        Assert.Null(server.Error);
        Message[] expected = [.. Sizes.Select(size => Message.Of(Kind, Payload(Kind, size)))];
        Assert.Equal(expected, client.Messages);
        Assert.Equal(expected, server.Messages);

        // RFC 6455 §5.5.1: who answers a close frame typically repeats its code; the reason is the business of who closes first.
        Assert.Equal(Code, client.Code);
        Assert.Equal(Code, server.Code);
        Assert.Equal(Reason, (ClientCloses ? server : client).Reason);
    }
}

/// <summary>A message as one end received it.</summary>
internal sealed record Message(string Kind, int Length, string Sha256)
{
    public static Message Of(string kind, ReadOnlySpan<byte> data) => new(kind, data.Length, Convert.ToHexStringLower(SHA256.HashData(data)));
}

/// <summary>A connection as one end saw it: what it received, the close code and reason, and the error that kept it from going on.</summary>
internal sealed record Transcript(IReadOnlyList<Message> Messages, int Code, string? Reason, string? Error = null);
