using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ws.Micro.Desktop;

/// <summary>
/// Mask keys from the system's cryptographic random source (RFC 6455 §5.3), fetched some at a time for each thread: one by one they would cost
/// more than all else that a small frame does.
/// </summary>
internal static class MaskKeys
{
    private const int KeySize = 4, Supply = 64 * KeySize;

    [ThreadStatic]
    private static byte[]? _keys;

    [ThreadStatic]
    private static int _left;

    /// <summary>A fresh key, for one frame.</summary>
    public static int Next()
    {
        byte[] keys = _keys ??= new byte[Supply];
        if (_left == 0)
        {
            RandomNumberGenerator.Fill(keys);
            _left = Supply;
        }

        _left -= KeySize;
        return BinaryPrimitives.ReadInt32LittleEndian(keys.AsSpan(_left));
    }
}
