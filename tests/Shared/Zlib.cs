using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Ws.Micro.Testing;

/// <summary>The machine's zlib, raw (without its header): the peer that ours is held against.</summary>
internal static unsafe partial class Zlib
{
    public const int DefaultStrategy = 0, Filtered = 1, HuffmanOnly = 2, Rle = 3, Fixed = 4;
    public const int SyncFlush = 2, FullFlush = 3, Finish = 4;

    private const string Library = "libz.so.1";
    private const int Ok = 0, StreamEnd = 1, BufferError = -5, Deflated = 8;

    /// <summary>Whether the machine has one.</summary>
    public static bool IsPresent
    {
        get
        {
            bool present = NativeLibrary.TryLoad(Library, out nint library);
            if (present)
            {
                NativeLibrary.Free(library);
            }

            return present;
        }
    }

    /// <summary>Its version.</summary>
    public static string Version => Marshal.PtrToStringAnsi(zlibVersion())!;

    /// <summary>Deflates messages with one context, each ended with the flush; the tail 00 00 ff ff is left on.</summary>
    /// <param name="messages">In order; zlib flushes an empty one only if it is the first.</param>
    /// <param name="windowBits">8 to 15; zlib takes 8 for 9.</param>
    /// <param name="flush"><see cref="SyncFlush"/>, <see cref="FullFlush"/>, or <see cref="Finish"/>, which sets BFINAL and forgets the context.</param>
    /// <param name="level">0 to 9.</param>
    /// <param name="memLevel">1 to 9.</param>
    /// <param name="strategy">One of the constants.</param>
    public static byte[][] Deflate(
        byte[][] messages, int windowBits, int flush = SyncFlush, int level = 6, int memLevel = 8, int strategy = DefaultStrategy)
    {
        // zlib refuses raw streams with a window of 256, because it would need one of 512 for them.
        Stream stream = default;
        Check(deflateInit2_(&stream, level, Deflated, -Math.Max(9, windowBits), memLevel, strategy, "1.2.13", sizeof(Stream)));
        byte[][] deflated = new byte[messages.Length][];
        for (int i = 0; i < messages.Length; i++)
        {
            byte[] output = new byte[(messages[i].Length * 2) + 1000];
            fixed (byte* next = messages[i], into = output)
            {
                stream.NextIn = next;
                stream.AvailIn = (uint)messages[i].Length;
                stream.NextOut = into;
                stream.AvailOut = (uint)output.Length;
                int result = deflate(&stream, flush);
                Check(result == StreamEnd ? Ok : result);
                Check(stream.AvailIn == 0 && stream.AvailOut > 0 ? Ok : BufferError);
            }

            deflated[i] = output[..^(int)stream.AvailOut];
            if (flush == Finish)
            {
                Check(deflateReset(&stream));
            }
        }

        _ = deflateEnd(&stream);
        return deflated;
    }

    /// <summary>Inflates one raw stream to its first error, its final block, or the end of the input.</summary>
    /// <param name="data">The stream.</param>
    /// <param name="windowBits">8 to 15.</param>
    /// <param name="output">What came out.</param>
    /// <param name="taken">Bytes of input used.</param>
    /// <param name="window">What the window holds before the first byte.</param>
    public static ZlibVerdict Inflate(byte[] data, int windowBits, out byte[] output, out int taken, byte[]? window = null)
    {
        Stream stream = default;
        Check(inflateInit2_(&stream, -windowBits, "1.2.13", sizeof(Stream)));
        if (window is { Length: > 0 })
        {
            fixed (byte* dictionary = window)
            {
                Check(inflateSetDictionary(&stream, dictionary, (uint)window.Length));
            }
        }

        // One byte a call: zlib lets a distance reach through all that the same call gave, even beyond the window. None reaches beyond the largest.
        using MemoryStream all = new();
        byte[] part = new byte[windowBits == 15 ? 16 * 1024 : 1];
        int result = Ok;
        fixed (byte* next = data, into = part)
        {
            stream.NextIn = next;
            stream.AvailIn = (uint)data.Length;
            while (result == Ok)
            {
                stream.NextOut = into;
                stream.AvailOut = (uint)part.Length;
                result = inflate(&stream, SyncFlush);
                all.Write(part, 0, part.Length - (int)stream.AvailOut);
            }
        }

        _ = inflateEnd(&stream);
        output = all.ToArray();
        taken = data.Length - (int)stream.AvailIn;
        return result switch
        {
            StreamEnd => ZlibVerdict.Final,
            BufferError => ZlibVerdict.Unfinished,
            _ => ZlibVerdict.Invalid,
        };
    }

    /// <summary>As <see cref="Inflate"/>, but after a final block on with what follows, and with what the window held (RFC 7692 §7.2.3.4).</summary>
    public static ZlibVerdict InflateOn(byte[] data, int windowBits, out byte[] output)
    {
        using MemoryStream all = new();
        ZlibVerdict verdict = ZlibVerdict.Final;
        while (verdict == ZlibVerdict.Final && data.Length > 0)
        {
            byte[] before = all.ToArray();
            verdict = Inflate(data, windowBits, out byte[] part, out int taken, before[^Math.Min(before.Length, 1 << windowBits)..]);
            all.Write(part);
            data = data[taken..];
        }

        output = all.ToArray();
        return verdict;
    }

    private static void Check(int result)
    {
        if (result != Ok)
        {
            throw new InvalidOperationException($"zlib answers {result}.");
        }
    }

    [DllImport(Library)]
    private static extern nint zlibVersion();

    [DllImport(Library)]
    private static extern int deflateInit2_(
        Stream* stream, int level, int method, int windowBits, int memLevel, int strategy, [MarshalAs(UnmanagedType.LPStr)] string version, int size);

    [DllImport(Library)]
    private static extern int deflate(Stream* stream, int flush);

    [DllImport(Library)]
    private static extern int deflateReset(Stream* stream);

    [DllImport(Library)]
    private static extern int deflateEnd(Stream* stream);

    [DllImport(Library)]
    private static extern int inflateInit2_(Stream* stream, int windowBits, [MarshalAs(UnmanagedType.LPStr)] string version, int size);

    [DllImport(Library)]
    private static extern int inflateSetDictionary(Stream* stream, byte* dictionary, uint length);

    [DllImport(Library)]
    private static extern int inflate(Stream* stream, int flush);

    [DllImport(Library)]
    private static extern int inflateEnd(Stream* stream);

    // z_stream of zlib.h, on 64-bit Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct Stream
    {
        public byte* NextIn;
        public uint AvailIn;
        public nuint TotalIn;
        public byte* NextOut;
        public uint AvailOut;
        public nuint TotalOut;
        public nint Message, State, Allocate, Free, Opaque;
        public int DataType;
        public nuint Adler, Reserved;
    }
}
