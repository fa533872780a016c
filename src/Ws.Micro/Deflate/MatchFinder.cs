using System;

namespace Ws.Micro.Deflate;

/// <summary>
/// Turns a message's bytes into literals and matches (RFC 1951 §4), with one-step lazy matching. Matches are sought in the window and,
/// where they overlap their source, in the caller's bytes; a byte enters the window as it is passed, so that all of the window can be used.
/// </summary>
internal sealed partial class MatchFinder
{
    public const int MinLength = 3, MaxLength = 258;

    // Up to this window links have a byte.
    private const int ShortLinkBits = 9;

    // Below this length farther places and the next position are tried for a longer match.
    private const int LazyLength = 32;

    // From this length on most matches are of text that is there more than once.
    private const int SparseLength = 16, SparseStep = 3;

    // A match of three costs more bits than its literals beyond this distance.
    private const int FarDistance = 4096;

    // Three bytes may have others above them: they do not count.
    private const int HashMultiplier = unchecked(506832829 << 8);

    /// <summary>For each token its literal, or its match's length - 3.</summary>
    public readonly byte[] Values;

    /// <summary>For each token its match's distance, or 0 for a literal.</summary>
    public readonly ushort[] Distances;

    /// <summary>How many tokens there are. Whoever writes them sets it back to 0.</summary>
    public int Count;

    // Positions count all bytes ever passed; heads hold their low 16 bits, and links how far back the one before lies. What is not of the
    // window's last _filled bytes ends its chain. Windows of up to 512 bytes have short links, of the low 8 bits: one that should lead
    // further back than 255 leads into another chain, which costs a few probes in vain.
    private readonly byte[] _window;
    private readonly ushort[] _heads;
    private readonly ushort[]? _links;
    private readonly byte[]? _shortLinks;
    private readonly int _hashShift;
    private readonly int _chainDepth;

    // From this length on only every third position of a match goes into the hash.
    private readonly int _sparseFrom;
    private int _position;
    private int _filled;

    // The last 0 to 2 positions, which are not in the hash yet, because the bytes after them are not known.
    private int _unhashed;

    // The match found at the position before, which waits for a longer one here.
    private int _heldLength;
    private int _heldDistance;

    // The match that reached the end of the bytes so far, and may go on.
    private int _openLength;
    private int _openDistance;

    private int _markPosition;
    private int _markFilled;
    private int _markUnhashed;

    /// <summary>Bytes of the chains' links.</summary>
    public static int LinkBytes(int windowBits, int chainDepth) => chainDepth == 0 ? 0 : windowBits <= ShortLinkBits ? 1 << windowBits : 2 << windowBits;

    public MatchFinder(int windowBits, int hashBits, int chainDepth, int tokens, bool thorough)
    {
        _window = new byte[1 << windowBits];
        _heads = new ushort[1 << hashBits];
        if (chainDepth > 0 && windowBits <= ShortLinkBits)
        {
            _shortLinks = new byte[1 << windowBits];
        }
        else if (chainDepth > 0)
        {
            _links = new ushort[1 << windowBits];
        }

        Values = new byte[tokens];
        Distances = new ushort[tokens];
        _hashShift = 32 - hashBits;
        _chainDepth = chainDepth;
        _sparseFrom = thorough ? MaxLength : SparseLength;
    }

    /// <summary>Whether the tokens must be written before there can be more.</summary>
    public bool IsFull => Count > Values.Length - 2;

    /// <summary>Forgets what was passed (RFC 7692 §7.2.1, no context takeover) and what waits.</summary>
    public void Reset()
    {
        Drop();
        _filled = 0;
        _unhashed = 0;
    }

    /// <summary>Keeps what <see cref="Rollback"/> needs.</summary>
    public void Mark()
    {
        _markPosition = _position;
        _markFilled = _filled;
        _markUnhashed = _unhashed;
    }

    /// <summary>
    /// Takes back what was passed since the mark. The bytes of the window that it has overwritten, its oldest, are not to be had again.
    /// </summary>
    public void Rollback()
    {
        Drop();
        int left = _window.Length - (_position - _markPosition);
        if (left < MinLength)
        {
            Reset();
            return;
        }

        if (_chainDepth > 0)
        {
            Unhash(_markPosition - _markUnhashed);
        }

        _position = _markPosition;
        _filled = _markFilled < left ? _markFilled : left;
        _unhashed = _markUnhashed < _filled ? _markUnhashed : _filled;
    }

    /// <summary>
    /// Passes over the input until it is used up or the tokens are full, and returns how many bytes it passed. What was not passed must
    /// come again. At the end of the message all that was passed is in tokens.
    /// </summary>
    public int Find(byte[] input, int offset, int count, bool endOfMessage)
    {
        int stop = offset + count;
        int i = offset;
        HashTail(input, offset, count);
        if (_openLength > 0)
        {
            i = Extend(input, offset, stop);
            if (i == stop && !endOfMessage && _openLength < MaxLength)
            {
                return count;
            }

            Values[Count] = (byte)(_openLength - MinLength);
            Distances[Count++] = (ushort)_openDistance;
            _openLength = 0;
        }

        byte[] window = _window;
        ushort[] heads = _heads;
        ushort[]? links = _links;
        byte[]? shortLinks = _shortLinks;
        byte[] values = Values;
        ushort[] distances = Distances;
        int size = window.Length;
        int mask = size - 1;
        int shift = _hashShift;
        int depth = _chainDepth > 0 ? _chainDepth : 1;
        int position = _position;
        int filled = _filled;
        int heldLength = _heldLength;
        int heldDistance = _heldDistance;
        int tokens = Count;
        int lastToken = values.Length - 2;
        int lastHashed = stop - MinLength;
        while (i < stop && tokens <= lastToken)
        {
            int length = 0;
            int distance = 0;
            if (i <= lastHashed)
            {
                int hash = (int)((uint)(((input[i] << 16) | (input[i + 1] << 8) | input[i + 2]) * HashMultiplier) >> shift);
                int reach = ((position - heads[hash] - 1) & 0xFFFF) + 1;
                heads[hash] = (ushort)position;
                if (links != null)
                {
                    links[position & mask] = (ushort)reach;
                }
                else if (shortLinks != null)
                {
                    shortLinks[position & mask] = (byte)reach;
                }

                int limit = stop - i;
                if (limit > MaxLength)
                {
                    limit = MaxLength;
                }

                int best = heldLength > 0 ? heldLength : MinLength - 1;
                bool searched = false;
                SearchFast(input, i, limit, position, filled, reach, best, ref length, ref distance, ref searched);
                int enough = limit < LazyLength ? limit : LazyLength;
                int wanted = 0;
                int before = 0;
                if (searched || best >= enough)
                {
                    reach = filled + 1;
                }
                else
                {
                    wanted = input[i + best];
                    before = input[i + best - 1];
                }

                int probes = depth;
                while (reach <= filled)
                {
                    int from = (position - reach) & mask;
                    if ((window[(from + best) & mask] == wanted && window[(from + best - 1) & mask] == before) || best >= reach)
                    {
                        // The source is in the window up to its end and the current position, and from there on in the input.
                        int direct = reach < limit ? reach : limit;
                        if (direct > size - from)
                        {
                            direct = size - from;
                        }

                        int source = from;
                        int at = i;
                        int end = i + direct;
                        while (at <= end - 4 && window[source] == input[at] && window[source + 1] == input[at + 1]
                            && window[source + 2] == input[at + 2] && window[source + 3] == input[at + 3])
                        {
                            source += 4;
                            at += 4;
                        }

                        while (at < end && window[source] == input[at])
                        {
                            source++;
                            at++;
                        }

                        int n = at - i;
                        if (at == end)
                        {
                            while (n < limit && (n < reach ? window[(from + n) & mask] : input[i + n - reach]) == input[i + n])
                            {
                                n++;
                            }
                        }

                        if (n > best && (n > MinLength || reach <= FarDistance))
                        {
                            best = n;
                            length = n;
                            distance = reach;
                            if (n >= enough)
                            {
                                break;
                            }

                            wanted = input[i + n];
                            before = input[i + n - 1];
                        }
                    }

                    if (--probes == 0)
                    {
                        break;
                    }

                    reach += links != null ? links[from] : shortLinks![from];
                }
            }
            else
            {
                _unhashed++;
            }

            int passed = 1;
            if (heldLength > 0 && length == 0)
            {
                values[tokens] = (byte)(heldLength - MinLength);
                distances[tokens++] = (ushort)heldDistance;
                passed = heldLength - 1;
                heldLength = 0;
            }
            else
            {
                if (heldLength > 0)
                {
                    values[tokens] = window[(position - 1) & mask];
                    distances[tokens++] = 0;
                    heldLength = 0;
                }

                if (length == 0)
                {
                    values[tokens] = input[i];
                    distances[tokens++] = 0;
                }
                else if (i + length == stop && !endOfMessage && length < MaxLength)
                {
                    passed = length;
                    _openLength = length;
                    _openDistance = distance;
                }
                else if (i + length == stop || length >= LazyLength)
                {
                    passed = length;
                    values[tokens] = (byte)(length - MinLength);
                    distances[tokens++] = (ushort)distance;
                }
                else
                {
                    heldLength = length;
                    heldDistance = distance;
                }
            }

            if (passed == 1)
            {
                window[position & mask] = input[i];
            }
            else
            {
                int place = position & mask;
                if (passed <= size - place)
                {
                    Array.Copy(input, i, window, place, passed);
                }
                else
                {
                    CopyToWindow(input, i, position, passed);
                }

                Hash(input, i + 1, i + passed, stop, position + 1);
            }

            i += passed;
            position += passed;
            if (filled < size)
            {
                filled = filled + passed < size ? filled + passed : size;
            }
        }

        if (endOfMessage && i == stop)
        {
            // A message's last bytes begin no match in another one.
            _unhashed = 0;
        }

        _position = position;
        _filled = filled;
        _heldLength = heldLength;
        _heldDistance = heldDistance;
        Count = tokens;
        return i - offset;
    }

    // Where a platform has it: searches as Find does, but where there are only a few bytes of input, and tells whether it did.
    partial void SearchFast(
        byte[] input, int i, int limit, int position, int filled, int reach, int best, ref int length, ref int distance, ref bool searched);

    private void Drop()
    {
        Count = 0;
        _heldLength = 0;
        _openLength = 0;
    }

    /// <summary>Lets the open match go on as far as the input repeats its source, and returns where it stops.</summary>
    private int Extend(byte[] input, int offset, int stop)
    {
        byte[] window = _window;
        int mask = window.Length - 1;
        int position = _position;
        int distance = _openDistance;
        int limit = MaxLength - _openLength;
        int i = offset;
        while (i < stop && i - offset < limit && input[i] == window[(position - distance) & mask])
        {
            window[position++ & mask] = input[i++];
        }

        int passed = i - offset;
        Hash(input, offset, i, stop, _position);
        _openLength += passed;
        _position = position;
        _filled = _filled + passed > window.Length ? window.Length : _filled + passed;
        return i;
    }

    /// <summary>
    /// Puts the positions of input[from..to] into the hash, or where they are many every third one, as far as three bytes are known before
    /// <paramref name="stop"/>.
    /// </summary>
    private void Hash(byte[] input, int from, int to, int stop, int position)
    {
        ushort[] heads = _heads;
        ushort[]? links = _links;
        byte[]? shortLinks = _shortLinks;
        int mask = _window.Length - 1;
        int shift = _hashShift;
        int step = 1;
        if (to - from >= _sparseFrom)
        {
            step = SparseStep;
            from++;
            position++;
        }

        int end = to;
        if (end > stop - 2)
        {
            end = stop - 2 > from ? stop - 2 : from;
            _unhashed += to - end;
        }

        for (int i = from; i < end; i += step)
        {
            int hash = (int)((uint)(((input[i] << 16) | (input[i + 1] << 8) | input[i + 2]) * HashMultiplier) >> shift);
            if (links != null)
            {
                links[position & mask] = (ushort)(position - heads[hash]);
            }
            else if (shortLinks != null)
            {
                shortLinks[position & mask] = (byte)(position - heads[hash]);
            }

            heads[hash] = (ushort)position;
            position += step;
        }
    }

    /// <summary>Puts into the hash those of the last positions whose three bytes the input now completes.</summary>
    private void HashTail(byte[] input, int offset, int count)
    {
        ushort[] heads = _heads;
        int mask = _window.Length - 1;
        while (_unhashed > 0 && _unhashed + count >= MinLength)
        {
            int position = _position - _unhashed;
            int three = 0;
            for (int k = 0; k < MinLength; k++)
            {
                int beyond = k - _unhashed;
                three = (three << 8) | (beyond < 0 ? _window[(position + k) & mask] : input[offset + beyond]);
            }

            int hash = (int)((uint)(three * HashMultiplier) >> _hashShift);
            if (_links != null)
            {
                _links[position & mask] = (ushort)(position - heads[hash]);
            }
            else if (_shortLinks != null)
            {
                _shortLinks[position & mask] = (byte)(position - heads[hash]);
            }

            heads[hash] = (ushort)position;
            _unhashed--;
        }
    }

    /// <summary>
    /// Takes the positions from <paramref name="first"/> on out of the hash, the newest first: each one's link is what was there before it. In a
    /// message left in the middle the last two may stay, where their bytes were not all passed; they lead nowhere.
    /// </summary>
    private void Unhash(int first)
    {
        int mask = _window.Length - 1;
        for (int position = _position - _unhashed - 1; position >= first; position--)
        {
            int three = (_window[position & mask] << 16) | (_window[(position + 1) & mask] << 8) | _window[(position + 2) & mask];
            int hash = (int)((uint)(three * HashMultiplier) >> _hashShift);
            if (_heads[hash] == (ushort)position)
            {
                _heads[hash] = (ushort)(position - (_links != null ? _links[position & mask] : _shortLinks![position & mask]));
            }
        }
    }

    private void CopyToWindow(byte[] source, int offset, int position, int count)
    {
        int beyond = count - _window.Length;
        if (beyond > 0)
        {
            // The longest match is longer than the smallest window.
            offset += beyond;
            position += beyond;
            count = _window.Length;
        }

        int at = position & (_window.Length - 1);
        int first = _window.Length - at;
        if (first > count)
        {
            first = count;
        }

        Array.Copy(source, offset, _window, at, first);
        Array.Copy(source, offset + first, _window, 0, count - first);
    }
}
