using System;
using System.Buffers;
using System.Text;
using Ws.Micro.Framing;

namespace Ws.Micro.Tests;

/// <summary>The UTF-8 validator against the framework's decoders.</summary>
public sealed class Utf8ValidatorTests
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    // The bytes next to which RFC 3629 §4 draws a border.
    private static readonly byte[] Borders = { 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF };

    private static readonly byte[] LeadBorders =
    {
        0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFE, 0xFF,
    };

    // At each place of a longer text, which .NET checks a vector at a time and where it is ASCII four, and for each split of it.
    [Theory]
    [InlineData("a")]
    [InlineData("é")]
    [InlineData("世")]
    [InlineData("🌡")]
    public void Any_bytes_within_a_longer_text_are_valid_or_not_as_they_are_alone(string filling)
    {
        const int After = 132;
        byte[][] sequences = Sequences();
        byte[] fill = Encoding.UTF8.GetBytes(filling);
        for (int before = 0; before < 172; before += fill.Length)
        {
            foreach (byte[] sequence in sequences)
            {
                byte[] text = new byte[before + sequence.Length + After];
                for (int i = 0; i < text.Length; i++)
                {
                    text[i] = i < before ? fill[i % fill.Length]
                        : i < before + sequence.Length ? sequence[i - before]
                        : fill[(i - before - sequence.Length) % fill.Length];
                }

                bool valid = System.Text.Unicode.Utf8.IsValid(text);
                int whole = Utf8Validator.Validate(text, 0, text.Length, Utf8Validator.Complete);
                Assert.Equal(valid, whole == Utf8Validator.Complete);
                for (int cut = before; cut <= before + sequence.Length; cut++)
                {
                    int state = Utf8Validator.Validate(text, 0, cut, Utf8Validator.Complete);
                    Assert.Equal(whole, Utf8Validator.Validate(text, cut, text.Length - cut, state));
                }
            }
        }
    }

    // Whole code points at the borders, those with a byte changed to one at a border, and those that lack their last bytes.
    private static byte[][] Sequences()
    {
        int[] points = { 0x00, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x3FFFF, 0x40000, 0x10FFFF };
        System.Collections.Generic.List<byte[]> all = new();
        foreach (int point in points)
        {
            byte[] whole = Encoding.UTF8.GetBytes(char.ConvertFromUtf32(point));
            all.Add(whole);
            for (int i = 0; i < whole.Length; i++)
            {
                if (i > 0)
                {
                    all.Add(whole.AsSpan(0, i).ToArray());
                }

                foreach (byte border in i == 0 ? LeadBorders : Borders)
                {
                    byte[] changed = (byte[])whole.Clone();
                    changed[i] = border;
                    all.Add(changed);
                }
            }
        }

        return all.ToArray();
    }

    [Fact]
    public void All_sequences_of_one_and_two_bytes_against_the_strict_encoding()
    {
        for (int a = 0; a < 256; a++)
        {
            Assert.Equal(IsStrict((byte)a), Validate((byte)a) == Utf8Validator.Complete);
            for (int b = 0; b < 256; b++)
            {
                Assert.Equal(IsStrict((byte)a, (byte)b), Validate((byte)a, (byte)b) == Utf8Validator.Complete);
            }
        }
    }

    [Fact]
    public void All_sequences_of_three_bytes_fail_at_the_first_impossible_byte()
    {
        byte[] text = new byte[3];
        for (int a = 0; a < 256; a++)
        {
            text[0] = (byte)a;
            int first = CheckPrefix(text, 1, Utf8Validator.Complete);
            for (int b = 0; b < 256; b++)
            {
                text[1] = (byte)b;
                int second = CheckPrefix(text, 2, first);
                for (int c = 0; c < 256; c++)
                {
                    text[2] = (byte)c;
                    CheckPrefix(text, 3, second);
                }
            }
        }
    }

    [Fact]
    public void Sequences_of_four_bytes_at_the_borders_fail_at_the_first_impossible_byte()
    {
        byte[] text = new byte[4];
        foreach (byte lead in LeadBorders)
        {
            for (int second = 0; second < 256; second++)
            {
                foreach (byte third in Borders)
                {
                    foreach (byte fourth in Borders)
                    {
                        text[0] = lead;
                        text[1] = (byte)second;
                        text[2] = third;
                        text[3] = fourth;
                        int state = Utf8Validator.Complete;
                        for (int count = 1; count <= 4; count++)
                        {
                            state = CheckPrefix(text, count, state);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void Every_code_point_is_accepted_and_no_surrogate()
    {
        byte[] text = new byte[4];
        for (int value = 0; value <= 0x10FFFF; value++)
        {
            if (Rune.IsValid(value))
            {
                int size = new Rune(value).EncodeToUtf8(text);
                Assert.True(Utf8Validator.Validate(text, 0, size, Utf8Validator.Complete) == Utf8Validator.Complete, $"U+{value:X4}");
            }
            else
            {
                text[0] = (byte)(0xE0 | (value >> 12));
                text[1] = (byte)(0x80 | ((value >> 6) & 63));
                text[2] = (byte)(0x80 | (value & 63));
                Assert.True(Utf8Validator.Validate(text, 0, 2, Utf8Validator.Complete) == Utf8Validator.Invalid, $"U+{value:X4}");
            }
        }
    }

    [Theory]
    [InlineData("\xC2\x80", Utf8Validator.Complete)]
    [InlineData("\xE2\x82\xAC", Utf8Validator.Complete)]
    [InlineData("\xF0\x9F\x98\x80", Utf8Validator.Complete)]
    [InlineData("\x80", Utf8Validator.Invalid)]
    [InlineData("\xC2" + "A", Utf8Validator.Invalid)]
    [InlineData("\xE2\x82" + "A", Utf8Validator.Invalid)]
    [InlineData("\xF0\x9F\x98" + "A", Utf8Validator.Invalid)]
    [InlineData("\xED\xA0", Utf8Validator.Invalid)]
    [InlineData("\xFF", Utf8Validator.Invalid)]
    public void Between_ascii_of_every_length_at_every_offset_and_split(string sequence, int expected)
    {
        byte[] middle = Encoding.Latin1.GetBytes(sequence);
        for (int before = 0; before <= 70; before++)
        {
            foreach (int after in new[] { 0, 1, 3, 4, 7, 8, 15, 16, 31, 32, 33, 70 })
            {
                // Bytes that text cannot have stand around the slice.
                byte[] buffer = new byte[3 + before + middle.Length + after + 3];
                Array.Fill(buffer, (byte)0xFF);
                int length = before + middle.Length + after;
                Array.Fill(buffer, (byte)'a', 3, length);
                middle.CopyTo(buffer, 3 + before);

                Assert.Equal(expected, Utf8Validator.Validate(buffer, 3, length, Utf8Validator.Complete));
                for (int cut = Math.Max(0, before - 2); cut <= before + middle.Length; cut++)
                {
                    int state = Utf8Validator.Validate(buffer, 3, cut, Utf8Validator.Complete);
                    if (state != Utf8Validator.Invalid)
                    {
                        state = Utf8Validator.Validate(buffer, 3 + cut, length - cut, state);
                    }

                    Assert.Equal(expected, state);
                }
            }
        }
    }

    // Longer than two blocks of four vectors: in each block one byte that cannot be, and none.
    [Fact]
    public void One_impossible_byte_anywhere_in_a_long_text_fails_it()
    {
        foreach (string filling in new[] { "a", "é", "世", "🌡" })
        {
            byte[] fill = Encoding.UTF8.GetBytes(filling);
            byte[] text = new byte[fill.Length * 420];
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = fill[i % fill.Length];
            }

            Assert.Equal(Utf8Validator.Complete, Validate(text));
            for (int i = 0; i < text.Length; i++)
            {
                byte right = text[i];
                text[i] = 0xFF;
                Assert.Equal(Utf8Validator.Invalid, Validate(text));
                text[i] = right < 0x80 ? (byte)0x80 : (byte)'a';
                Assert.Equal(Utf8Validator.Invalid, Validate(text));
                text[i] = right;
            }
        }
    }

    [Fact]
    public void Text_of_many_scripts_is_accepted_at_every_split_with_one_state_for_each_place()
    {
        byte[] text = Encoding.UTF8.GetBytes("plain ASCII, then Größe, Ελληνικά, Русский, 日本語テキスト, 한국어, עברית, 😀🎉👍🏽, and ASCII to end with 0123456789");
        int byteByByte = Utf8Validator.Complete;
        for (int cut = 0; cut <= text.Length; cut++)
        {
            int state = Utf8Validator.Validate(text, 0, cut, Utf8Validator.Complete);
            Assert.Equal(byteByByte, state);
            Assert.Equal(Utf8Validator.Complete, Utf8Validator.Validate(text, cut, text.Length - cut, state));
            byteByByte = cut < text.Length ? Utf8Validator.Validate(text, cut, 1, byteByByte) : byteByByte;
        }
    }

    [Fact]
    public void No_bytes_leave_the_state_as_it_is()
    {
        foreach (int state in new[] { Utf8Validator.Complete, Validate(0xC2), Validate(0xE0), Validate(0xF4), Validate(0xF0, 0x9F) })
        {
            Assert.Equal(state, Utf8Validator.Validate(Array.Empty<byte>(), 0, 0, state));
        }
    }

    // Of each prefix the validator knows, given whole or with its last byte alone, whether text can go on from there.
    private static int CheckPrefix(byte[] text, int count, int before)
    {
        int state = Utf8Validator.Validate(text, 0, count, Utf8Validator.Complete);
        OperationStatus actual = state == Utf8Validator.Invalid ? OperationStatus.InvalidData
            : state == Utf8Validator.Complete ? OperationStatus.Done
            : OperationStatus.NeedMoreData;
        bool wasInvalid = before == Utf8Validator.Invalid;
        OperationStatus expected = wasInvalid ? OperationStatus.InvalidData : Decode(text.AsSpan(0, count));
        if (expected != actual || (!wasInvalid && Utf8Validator.Validate(text, count - 1, 1, before) != state))
        {
            Assert.Fail($"{Convert.ToHexString(text, 0, count)}: {actual}, must be {expected}; state {state}");
        }

        return state;
    }

    private static OperationStatus Decode(ReadOnlySpan<byte> text)
    {
        OperationStatus status = OperationStatus.Done;
        while (status == OperationStatus.Done && text.Length > 0)
        {
            status = Rune.DecodeFromUtf8(text, out _, out int consumed);
            text = text[consumed..];
        }

        return status;
    }

    private static int Validate(params byte[] text) => Utf8Validator.Validate(text, 0, text.Length, Utf8Validator.Complete);

    private static bool IsStrict(params byte[] text)
    {
        try
        {
            Strict.GetCharCount(text);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
