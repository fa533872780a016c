using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ws.Micro.Interop.Tests;

/// <summary>
/// What both ends do: the client sends a message of each size, each when the one before has come back; the server sends each back; then one of
/// them closes. Either sends its messages in so many fragments.
/// </summary>
internal sealed record Conversation(string Kind, int[] Sizes, int Fragments, bool ClientCloses, int Code, string Reason)
{
    /// <summary>What messages are made of; readings are text too.</summary>
    public const string Text = "text", Binary = "binary", Reading = "reading";

    // Around each length form of a frame's header (RFC 6455 §5.2), and more than any buffer holds.
    private static readonly int[] EchoSizes = [0, 125, 126, 65_535, 65_536, 8 * 1024 * 1024];

    // As sensors send them, but for one that is longer than any window.
    private static readonly int[] ReadingSizes = [.. Enumerable.Range(140, 30), 65_536, .. Enumerable.Range(170, 10)];

    /// <summary>permessage-deflate, which must be agreed on; null: it must not.</summary>
    public Compression? Compression { get; init; }

    public static Conversation Readings(Compression compression) => new(Reading, ReadingSizes, 1, true, 1000, "") { Compression = compression };

    public static Conversation Echo(string kind, bool fragmented) => new(kind, EchoSizes, fragmented ? 5 : 1, true, 3001, "done ✓");

    public static Conversation Close(bool clientCloses, int code, string reason) => new(Text, [], 1, clientCloses, code, reason);

    /// <summary>What a server that is a script has to know, as the query of the URL.</summary>
    public string Query =>
        $"?fragments={Fragments}&count={Sizes.Length}" + (ClientCloses ? "" : $"&code={Code}&reason={Uri.EscapeDataString(Reason)}")
        + (Compression == null ? "" : $"&deflate={Uri.EscapeDataString(JsonSerializer.Serialize(Compression.Theirs, JsonSerializerOptions.Web))}");

    /// <summary>The bytes of one message. Text has characters of 1 to 4 bytes, so that fragments part some of them.</summary>
    public static byte[] Payload(string kind, int size)
    {
        if (kind == Reading)
        {
            return ReadingsOf(size);
        }

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

    // Each size has its own.
    private static byte[] ReadingsOf(int size)
    {
        StringBuilder text = new();
        for (int n = size; text.Length < size; n++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{{\"id\":\"sensor-7\",\"seq\":{n},\"temperature\":{1800 + (n * 37 % 600)},\"humidity\":{300 + (n * 11 % 400)},\"ok\":true}}\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, size));
    }

    /// <summary>Both ends agreed on the same, saw every message whole, and the same end.</summary>
    public void Check(Transcript client, Transcript server)
    {
        Assert.Null(client.Error);
        Assert.Null(server.Error);
        Assert.Equal(Compression?.Terms, client.Deflate);
        Assert.Equal(Compression?.Terms, server.Deflate);
        Message[] expected = [.. Sizes.Select(size => Message.Of(Kind == Binary ? Binary : Text, Payload(Kind, size)))];
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

/// <summary>
/// A connection as one end saw it: what it received, the close code and reason, the error that kept it from going on, and what was agreed on for
/// permessage-deflate, which a script gives as the header does.
/// </summary>
internal sealed record Transcript(
    IReadOnlyList<Message> Messages, int Code, string? Reason, string? Error = null, string? Extensions = null, DeflateTerms? Deflate = null);
