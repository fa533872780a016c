namespace Esp32Sensor.Node;

/// <summary>
/// A message of the telemetry subprotocol (docs/telemetry.md), taken apart in place: a letter, a number, and what follows. Both ends use it.
/// Allocates nothing once constructed.
/// </summary>
public sealed class TelemetryMessage
{
    /// <summary>The subprotocol's name in the opening handshake.</summary>
    public const string Subprotocol = "telemetry.v1.ws-micro";

    /// <summary>The largest message in bytes, readings aside.</summary>
    public const int MaxSize = 256;

    /// <summary>The largest number: every one is exact in JSON too.</summary>
    public const long MaxNumber = (1L << 53) - 1;

    /// <summary>What <see cref="TakeNumber"/> gives where there is none.</summary>
    public const long NoNumber = -1;

    /// <summary>The first message of either end.</summary>
    public const char Hello = 'H';

    /// <summary>A sensor's reading.</summary>
    public const char Reading = 'R';

    /// <summary>The gateway's acknowledgement.</summary>
    public const char Acknowledgement = 'A';

    /// <summary>A command, or its result.</summary>
    public const char Command = 'C';

    private byte[] _data = new byte[0];

    /// <summary>The letter; '\0' for one that this version does not know, which is to be passed over.</summary>
    public char Kind { get; private set; }

    /// <summary>The number behind it.</summary>
    public long Number { get; private set; }

    /// <summary>Where what follows the number begins.</summary>
    public int BodyOffset { get; private set; }

    /// <summary>How many bytes that has.</summary>
    public int BodyCount { get; private set; }

    /// <summary>Takes a message apart; false where it is not of its form.</summary>
    public bool Parse(byte[] data, int offset, int count)
    {
        char kind = count > 0 ? (char)data[offset] : ' ';
        Kind = kind == Hello || kind == Reading || kind == Acknowledgement || kind == Command ? kind : '\0';
        Number = NoNumber;
        _data = data;
        BodyOffset = offset + 2;
        BodyCount = count - 2;
        if (Kind != '\0' && count > 2 && data[offset + 1] == ' ')
        {
            Number = TakeNumber();
        }

        return Kind == '\0' ? count > 0 : Number != NoNumber;
    }

    /// <summary>Takes a number, and the space behind it if there is more, from the front of the body; <see cref="NoNumber"/> where there is none.</summary>
    public long TakeNumber()
    {
        byte[] data = _data;
        int at = BodyOffset;
        int end = at + BodyCount;
        long number = 0;
        while (at < end && data[at] >= '0' && data[at] <= '9')
        {
            number = (number * 10) + (data[at] - '0');
            at++;
            if (number > MaxNumber)
            {
                return NoNumber;
            }
        }

        // No sign, no empty number, no leading zero; and nothing but a space behind it.
        int digits = at - BodyOffset;
        if (digits == 0 || (digits > 1 && data[BodyOffset] == '0') || (at < end && data[at] != ' '))
        {
            return NoNumber;
        }

        at = at < end ? at + 1 : at;
        BodyOffset = at;
        BodyCount = end - at;
        return number;
    }
}
