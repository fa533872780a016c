using nanoFramework.TestFramework;
using Ws.Micro.Framing;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>Masking (RFC 6455 §5.3).</summary>
[TestClass]
public static class MaskingTests
{
    // The key of the RFC's example, whose first byte on the wire is its lowest.
    private const int Key = 0x3D21FA37;

    [TestMethod]
    public static void The_example_of_the_RFC()
    {
        byte[] text = Bytes.Of("Hello");

        Masking.Apply(text, 0, text.Length, Key);

        Expect.Same(Bytes.Hex("7F 9F 4D 51 58"), text, "masked");
    }

    [TestMethod]
    public static void Every_length_and_place_up_to_11_leaves_the_bytes_around_alone()
    {
        for (int offset = 0; offset < 4; offset++)
        {
            for (int count = 0; count <= 11; count++)
            {
                byte[] expected = Bytes.Counting(16);
                for (int i = 0; i < count; i++)
                {
                    expected[offset + i] ^= (byte)(Key >> (8 * (i & 3)));
                }

                byte[] actual = Bytes.Counting(16);
                Masking.Apply(actual, offset, count, Key);

                Expect.Same(expected, actual, "offset " + offset.ToString() + ", count " + count.ToString());
            }
        }
    }

    [TestMethod]
    public static void Every_cut_in_two_gives_the_same()
    {
        byte[] expected = Bytes.Counting(21);
        Masking.Apply(expected, 0, expected.Length, Key);
        for (int cut = 0; cut <= expected.Length; cut++)
        {
            byte[] actual = Bytes.Counting(21);
            int key = Masking.Apply(actual, 0, cut, Key);
            Masking.Apply(actual, cut, actual.Length - cut, key);

            Expect.Same(expected, actual, "cut at " + cut.ToString());
        }
    }

    [TestMethod]
    public static void Masking_twice_gives_the_bytes_back()
    {
        byte[] bytes = Bytes.Counting(100);
        Masking.Apply(bytes, 0, bytes.Length, unchecked((int)0x80FF017F));
        Masking.Apply(bytes, 0, bytes.Length, unchecked((int)0x80FF017F));

        Expect.Same(Bytes.Counting(100), bytes, "unmasked");
    }
}
