namespace Ws.Micro;

/// <summary>
/// The place of an extension that transforms whole messages and marks them with RSV1 (RFC 6455 §9.1, RFC 7692 §5).
/// Its memory is fixed at construction and it allocates nothing after. Decoding and encoding share no state, so that one thread may
/// receive while another sends.
/// <para>What a call has to tell stands in fields, which the engine reads: on the device an overridden property costs far more.</para>
/// </summary>
public abstract class MessageExtension
{
    /// <summary>Begins to decode a message that came with RSV1.</summary>
    public abstract void BeginDecode();

    /// <summary>
    /// Decodes until the input is used up or there is output to hand on, and sets the Decode… fields. Called again, with what was not
    /// taken (perhaps nothing), until it takes all and gives nothing. Returns false where the message cannot be decoded.
    /// </summary>
    /// <param name="input">Payload bytes, unmasked.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="endOfMessage">Whether the message has no bytes beyond these.</param>
    public abstract bool Decode(byte[] input, int offset, int count, bool endOfMessage);

    /// <summary>Input bytes that the last <see cref="Decode"/> took.</summary>
    public int DecodeTaken;

    /// <summary>Holds what the last <see cref="Decode"/> gave, until the next. Set before the first.</summary>
    public byte[] Decoded = null!;

    /// <summary>Where in <see cref="Decoded"/> it begins.</summary>
    public int DecodedOffset;

    /// <summary>How many bytes it has.</summary>
    public int DecodedCount;

    /// <summary>Whether the last <see cref="Decode"/> took all input and gave the message's last bytes. Where it cannot know yet it says no, and gives nothing when called again.</summary>
    public bool DecodeDone;

    /// <summary>Begins to encode a message, unless it is better sent as it is: then it returns false.</summary>
    /// <param name="count">Bytes in the message's first fragment.</param>
    /// <param name="isWhole">Whether that is the whole message.</param>
    public abstract bool BeginEncode(int count, bool isWhole);

    /// <summary>Makes the message begun as though it had not been: it will be sent as it is.</summary>
    public abstract void CancelEncode();

    /// <summary>
    /// Encodes a fragment of the message begun into <paramref name="output"/>, until the output is full or <see cref="EncodeDone"/>, and returns
    /// the bytes written. Called again with what was not taken (perhaps nothing), until that is true: then the peer can decode all of the
    /// fragment from what it has got.
    /// </summary>
    /// <param name="input">The fragment's bytes, unchanged until taken.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="endOfMessage">Whether the fragment is the message's last.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="outputOffset">Where to begin to.</param>
    /// <param name="outputCount">How many bytes there may be, at least 16.</param>
    public abstract int Encode(byte[] input, int offset, int count, bool endOfMessage, byte[] output, int outputOffset, int outputCount);

    /// <summary>Input bytes that the last <see cref="Encode"/> took.</summary>
    public int EncodeTaken;

    /// <summary>Of the input bytes taken, those that nothing written stands for yet and that may not get smaller.</summary>
    public int EncodeWaiting;

    /// <summary>Whether the last <see cref="Encode"/> took all its input and wrote all that there is to write for it.</summary>
    public bool EncodeDone;
}
