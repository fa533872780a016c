using System.Linq;
using System.Text;
using Ws.Micro.Deflate.Tests;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>One device's readings as JSON, all of one size: made up by a version.</summary>
internal static class Readings
{
    public const int Size = 150;

    public static byte[][] Make(int count) => [.. Telemetry.Messages(count).Select(message =>
        (byte[])[.. message[..^1], .. Encoding.ASCII.GetBytes($",\"fw\":\"{"1.4.2-rc.1+build.2026"[..(Size - message.Length - 8)]}\"}}")])];
}
