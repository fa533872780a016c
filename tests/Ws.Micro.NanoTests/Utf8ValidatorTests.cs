using nanoFramework.TestFramework;
using Ws.Micro.Framing;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>UTF-8 (RFC 3629 §4), which the device's own decoder does not validate.</summary>
[TestClass]
public static class Utf8ValidatorTests
{
    [TestMethod]
    public static void Text_is_valid_in_any_split()
    {
        Valid("");
        Valid("48 65 6C 6C 6F 20 57 6F 72 6C 64");
        Valid("00");
        Valid("7F");
        Valid("C2 80");
        Valid("DF BF");
        Valid("E0 A0 80");
        Valid("EC 80 80");
        Valid("ED 80 80");
        Valid("ED 9F BF");
        Valid("EE 80 80");
        Valid("EF BF BF");
        Valid("F0 90 80 80");
        Valid("F3 BF BF BF");
        Valid("F4 8F BF BF");
        Valid("CE BA E1 BD B9 CF 83 CE BC CE B5");
        Valid("31 32 33 34 35 36 C3 A9 37 38 39 30 E2 82 AC 31 32 33 34 F0 9F 98 80");
    }

    [TestMethod]
    public static void What_no_text_can_hold_is_found_at_its_first_byte()
    {
        // The index of the byte that shows it.
        Invalid("80", 0);
        Invalid("BF", 0);
        Invalid("C0 80", 0);
        Invalid("C1 BF", 0);
        Invalid("C2 41", 1);
        Invalid("C2 C2", 1);
        Invalid("E0 80 80", 1);
        Invalid("E0 9F BF", 1);
        Invalid("E1 80 41", 2);
        Invalid("ED A0 80", 1);
        Invalid("ED BF BF", 1);
        Invalid("F0 80 80 80", 1);
        Invalid("F0 8F BF BF", 1);
        Invalid("F1 80 80 C0", 3);
        Invalid("F4 90 80 80", 1);
        Invalid("F5 80 80 80", 0);
        Invalid("FF", 0);
        Invalid("41 42 43 44 45 46 47 48 49 FE", 9);
        Invalid("31 32 33 34 C3 A9 31 32 33 34 FF 31", 10);
    }

    [TestMethod]
    public static void A_cut_code_point_is_neither_complete_nor_invalid()
    {
        byte[] text = Bytes.Hex("F0 9F 98 80");
        for (int count = 1; count < text.Length; count++)
        {
            int state = Utf8Validator.Validate(text, 0, count, Utf8Validator.Complete);

            Assert.IsTrue(state != Utf8Validator.Complete && state != Utf8Validator.Invalid, count.ToString() + " bytes");
        }
    }

    private static void Valid(string digits)
    {
        byte[] text = Bytes.Hex(digits);
        for (int cut = 0; cut <= text.Length; cut++)
        {
            int state = Utf8Validator.Validate(text, 0, cut, Utf8Validator.Complete);
            Assert.AreEqual(Utf8Validator.Complete, Utf8Validator.Validate(text, cut, text.Length - cut, state), digits);
        }
    }

    private static void Invalid(string digits, int at)
    {
        byte[] text = Bytes.Hex(digits);
        Assert.AreEqual(Utf8Validator.Invalid, Utf8Validator.Validate(text, 0, text.Length, Utf8Validator.Complete), digits);

        int state = Utf8Validator.Complete;
        for (int i = 0; i <= at; i++)
        {
            Assert.IsTrue(state != Utf8Validator.Invalid, digits + ": refused too early, at " + i.ToString());
            state = Utf8Validator.Validate(text, i, 1, state);
        }

        Assert.AreEqual(Utf8Validator.Invalid, state, digits + ": not refused at " + at.ToString());
    }
}
