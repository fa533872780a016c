using System;
using System.Text;
using Esp32Sensor.Node;

namespace Esp32Sensor.Tests;

public sealed class TelemetryMessageTests
{
    private readonly TelemetryMessage _message = new();

    [Theory]
    [InlineData("H 1", 'H', 1, "")]
    [InlineData("H 1790000000000 41 32", 'H', 1790000000000, "41 32")]
    [InlineData("R 7 {\"a\": 1}", 'R', 7, "{\"a\": 1}")]
    [InlineData("R 7 ", 'R', 7, "")]
    [InlineData("R 7  x", 'R', 7, " x")]
    [InlineData("A 0", 'A', 0, "")]
    [InlineData("A 9007199254740991", 'A', TelemetryMessage.MaxNumber, "")]
    [InlineData("C 3 error no such thing", 'C', 3, "error no such thing")]
    [InlineData("X 3 of a later version", '\0', -1, null)]
    [InlineData("x", '\0', -1, null)]
    [InlineData(" ", '\0', -1, null)]
    public void A_message_is_a_letter_a_number_and_more(string text, char kind, long number, string? body)
    {
        Assert.True(Parse(text));

        Assert.Equal(kind, _message.Kind);
        Assert.Equal(number, _message.Number);
        if (body is not null)
        {
            Assert.Equal(body, Encoding.UTF8.GetString(Padded(text), _message.BodyOffset, _message.BodyCount));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("H")]
    [InlineData("H ")]
    [InlineData("H  1")]
    [InlineData("H1")]
    [InlineData("H\t1")]
    [InlineData("H -1")]
    [InlineData("H +1")]
    [InlineData("H 01")]
    [InlineData("H 00")]
    [InlineData("H 1x")]
    [InlineData("H 1.0")]
    [InlineData("A 9007199254740992")]
    [InlineData("A 99999999999999999999999999999999")]
    [InlineData("R x")]
    [InlineData("C ok")]
    public void What_is_not_of_that_form_is_refused(string text) => Assert.False(Parse(text));

    [Fact]
    public void Numbers_in_the_body_are_taken_one_by_one()
    {
        Assert.True(Parse("H 1 2 0 3 more 4"));

        Assert.Equal(2, _message.TakeNumber());
        Assert.Equal(0, _message.TakeNumber());
        Assert.Equal(3, _message.TakeNumber());
        Assert.Equal(TelemetryMessage.NoNumber, _message.TakeNumber());
        Assert.True(Parse("H 1"));
        Assert.Equal(TelemetryMessage.NoNumber, _message.TakeNumber());
    }

    [Fact]
    public void Any_bytes_can_be_parsed()
    {
        Random random = new(1);
        byte[] letters = "HRAC 0123456789x\0"u8.ToArray();
        for (int i = 0; i < 200_000; i++)
        {
            byte[] data = new byte[random.Next(30)];
            for (int at = 0; at < data.Length; at++)
            {
                data[at] = random.Next(20) == 0 ? (byte)random.Next(256) : letters[random.Next(letters.Length)];
            }

            int offset = random.Next(data.Length + 1);
            int count = random.Next(data.Length - offset + 1);
            if (_message.Parse(data, offset, count) && _message.Kind != '\0')
            {
                Assert.InRange(_message.Number, 0, TelemetryMessage.MaxNumber);
                Assert.InRange(_message.BodyOffset, offset + 3, offset + count);
                Assert.Equal(offset + count, _message.BodyOffset + _message.BodyCount);
                Assert.InRange(_message.TakeNumber(), -1, TelemetryMessage.MaxNumber);
            }
        }
    }

    [Fact]
    public void Parsing_allocates_nothing()
    {
        byte[] text = "H 1790000000000 41 32"u8.ToArray();
        _message.Parse(text, 0, text.Length);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            _message.Parse(text, 0, text.Length);
            _message.TakeNumber();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    // What stands before and behind the message is not read.
    private static byte[] Padded(string text) => Encoding.UTF8.GetBytes("9" + text + "9");

    private bool Parse(string text) => _message.Parse(Padded(text), 1, Encoding.UTF8.GetByteCount(text));
}
