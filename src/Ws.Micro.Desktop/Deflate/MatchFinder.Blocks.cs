using System;

namespace Ws.Micro.Deflate;

// What writing a block in stored form asks for.
internal sealed partial class MatchFinder
{
    /// <summary>Bytes that are in the window, but in no token yet.</summary>
    public int Ahead => _openLength > 0 ? _openLength : _heldLength > 0 ? 1 : 0;

    public int WindowSize => _window.Length;

    /// <summary>Copies bytes out of the window, of which the first lies <paramref name="back"/> bytes before the current position.</summary>
    public void CopyBack(int back, byte[] output, int offset, int count)
    {
        int at = (_position - back) & (_window.Length - 1);
        int first = Math.Min(_window.Length - at, count);
        Array.Copy(_window, at, output, offset, first);
        Array.Copy(_window, 0, output, offset + first, count - first);
    }
}
