using System;
using System.Runtime.CompilerServices;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>
/// The codecs of .NET's own sockets, which are not public: as they are in .NET 10. Where another version has others, the runtime says which is missing.
/// </summary>
internal static class DotnetCodecs
{
    private const string Assembly = ", System.Net.WebSockets";
    private const string Socket = "System.Net.WebSockets.ManagedWebSocket" + Assembly;
    private const string State = "System.Net.WebSockets.ManagedWebSocket+Utf8MessageState" + Assembly;
    private const string Inflater = "System.Net.WebSockets.Compression.WebSocketInflater" + Assembly;
    private const string Deflater = "System.Net.WebSockets.Compression.WebSocketDeflater" + Assembly;

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "ApplyMask")]
    public static extern int ApplyMask([UnsafeAccessorType(Socket)] object? socket, Span<byte> bytes, int key, int index);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "TryValidateUtf8")]
    public static extern bool TryValidateUtf8([UnsafeAccessorType(Socket)] object? socket, ReadOnlySpan<byte> text, bool endOfMessage, [UnsafeAccessorType(State)] object state);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(State)]
    public static extern object NewUtf8State();

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(Inflater)]
    public static extern object NewInflater(int windowBits, bool persisted);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Prepare")]
    public static extern void Prepare([UnsafeAccessorType(Inflater)] object inflater, long payloadLength, int userBufferLength);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Span")]
    public static extern Span<byte> GetSpan([UnsafeAccessorType(Inflater)] object inflater);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "AddBytes")]
    public static extern void AddBytes([UnsafeAccessorType(Inflater)] object inflater, int count, bool endOfMessage);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Inflate")]
    public static extern bool Inflate([UnsafeAccessorType(Inflater)] object inflater, Span<byte> output, out int written);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(Deflater)]
    public static extern object NewDeflater(int windowBits, bool persisted);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Deflate")]
    public static extern ReadOnlySpan<byte> Deflate([UnsafeAccessorType(Deflater)] object deflater, ReadOnlySpan<byte> payload, bool endOfMessage);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ReleaseBuffer")]
    public static extern void ReleaseBuffer([UnsafeAccessorType(Deflater)] object deflater);
}
