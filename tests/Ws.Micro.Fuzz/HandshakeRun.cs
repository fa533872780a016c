using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Ws.Micro.Handshake;

namespace Ws.Micro.Fuzz;

/// <summary>
/// Feeds a handshake its input and checks what holds for both roles: the same end in any pieces, no byte read behind those given or
/// changed, and of a head that was accepted every rule that a plain reading of its text shows.
/// </summary>
internal static class HandshakeRun
{
    private const string Token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static readonly Regex Header = new($"^({Token}):[ \t]*(.*?)[ \t]*$", RegexOptions.Singleline);

    /// <summary>A list of elements, some perhaps empty (RFC 9110 §5.6.1).</summary>
    public static Regex List(string element) => new($"^[ \t,]*(({element})[ \t]*(,[ \t,]*({element})[ \t]*)*[ \t,]*)?$", RegexOptions.NonBacktracking);

    public static Regex ExtensionList { get; } = List($"{Token}([ \t]*;[ \t]*{Token}([ \t]*=[ \t]*({Token}|\"{Token}\"))?)*");

    public static Regex TokenList { get; } = List(Token);

    public static byte[] NewBuffer(Input input, bool whole)
    {
        byte[] buffer = new byte[(input.Limit + 1) * 16];
        Array.Fill(buffer, Guard(whole));
        return buffer;
    }

    /// <summary>Feeds until the handshake ends or the input does.</summary>
    public static HandshakeStatus Feed(Input input, bool whole, HttpHead head, Func<int, HandshakeStatus> read)
    {
        HandshakeStatus status = HandshakeStatus.NeedMore;
        int given = 0;
        for (int piece = 0; given < input.Wire.Length && status == HandshakeStatus.NeedMore; piece++)
        {
            int room = Math.Min(input.Wire.Length - given, head.Buffer.Length - head.Count);
            Violation.Unless(room > 0, "more is wanted than the buffer holds");
            int size = input.PieceSize(piece, whole, room);
            input.Wire.AsSpan(given, size).CopyTo(head.Buffer.AsSpan(given));
            given += size;
            status = read(size);
            Planted.Strike(head.Buffer, given - size, given);
            Violation.Unless(head.Count == given, "lost count of the bytes given");
            Violation.Unless(!head.Buffer.AsSpan(given).ContainsAnyExcept(Guard(whole)), "wrote behind the bytes given");
        }

        Violation.Unless(head.Buffer.AsSpan(0, given).SequenceEqual(input.Wire.AsSpan(0, given)), "changed bytes that were given");
        return status;
    }

    /// <summary>Checks the end that was reached, and returns the lines of a head that is whole, without their CR LF, and null for another.</summary>
    public static string[]? Lines(HttpHead head, HandshakeStatus status, HandshakeError error)
    {
        Violation.Unless((status == HandshakeStatus.Refused) == (error != HandshakeError.None), "an error that the status does not explain");
        string text = Encoding.Latin1.GetString(head.Buffer, 0, head.Count);
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Violation.Unless(status != HandshakeStatus.NeedMore || end < 0, "a whole head is not seen");
        if (status != HandshakeStatus.Done)
        {
            return null;
        }

        Violation.Unless(head.Length == end + 4, "the head's length is not that of its text");
        return text[..end].Split("\r\n");
    }

    /// <summary>The values of a header in a head that was accepted.</summary>
    public static List<string> Values(string[] lines, string name)
    {
        List<string> values = new();
        foreach (string line in lines.Skip(1))
        {
            Match match = Header.Match(line);
            Violation.Unless(match.Success && !match.Groups[2].Value.Any(c => c != '\t' && char.IsControl(c) && c < 0x80), "accepted the line: " + line);
            if (match.Groups[1].Value.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                values.Add(match.Groups[2].Value);
            }
        }

        return values;
    }

    /// <summary>The elements of all lists under a name.</summary>
    public static IEnumerable<string> Elements(string[] lines, string name) =>
        Values(lines, name).SelectMany(value => value.Split(',')).Select(element => element.Trim(' ', '\t')).Where(element => element.Length > 0);

    /// <summary>Throws unless the head asks for, or grants, the upgrade (RFC 6455 §4.2.1, §4.2.2).</summary>
    public static void CheckUpgrade(string[] lines)
    {
        Violation.Unless(Elements(lines, "Upgrade").Contains("websocket", StringComparer.OrdinalIgnoreCase), "accepted without Upgrade: websocket");
        Violation.Unless(Elements(lines, "Connection").Contains("upgrade", StringComparer.OrdinalIgnoreCase), "accepted without Connection: Upgrade");
    }

    private static byte Guard(bool whole) => (byte)(whole ? 0xA5 : 0x5A);
}
