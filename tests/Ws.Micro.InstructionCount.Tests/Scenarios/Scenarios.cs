using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>What is counted. Nothing but the framework's own types passes between these and the tests, which load a second build of them.</summary>
public static class Scenarios
{
    /// <param name="encodeDynamic">Deflates with a window of 11 bits and dynamic codes, which the device's encoder does not have.</param>
    /// <returns>
    /// For each its name; the bytes that it is about, 0 where a figure for each byte says nothing; what nanoFramework's own client executes, 0
    /// where that is not known; and a function that prepares it and gives the action to count.
    /// </returns>
    public static IEnumerable<(string Name, int Bytes, int Others, Func<Action> Prepare)> All(Func<byte[], byte[]> encodeDynamic) =>
    [
        .. FramingScenarios.All(),
        .. MessageScenarios.All(),
        .. ShellScenarios.All(),
        .. HandshakeScenarios.All(),
        .. DeflateScenarios.All(encodeDynamic),
    ];

    /// <summary>A text repeated to so many bytes of UTF-8, of which the last may be cut.</summary>
    internal static byte[] Fill(string text, int count) => [.. Enumerable.Repeat(Encoding.UTF8.GetBytes(text), count).SelectMany(b => b).Take(count)];

    /// <summary>A whole text message as one frame, with a mask key where a client sends it.</summary>
    internal static byte[] Frame(byte[] payload, bool fromClient)
    {
        byte[] key = fromClient ? [0x37, 0xFA, 0x21, 0x3D] : [];
        int bit = fromClient ? 0x80 : 0;
        byte[] length = payload.Length < 126 ? [(byte)(bit | payload.Length)] : [(byte)(bit | 126), (byte)(payload.Length >> 8), (byte)payload.Length];
        return [0x81, .. length, .. key, .. payload.Select((b, i) => fromClient ? (byte)(b ^ key[i & 3]) : b)];
    }

    /// <exception cref="InvalidOperationException">The scenario did not go as it says.</exception>
    internal static void Check(bool condition)
    {
        if (!condition)
        {
            throw new InvalidOperationException("The scenario did not go as it says.");
        }
    }
}
