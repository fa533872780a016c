using nanoFramework.TestFramework;
using Ws.Micro.Framing;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>The frame header's two directions (RFC 6455 §5.2).</summary>
[TestClass]
public static class FramingTests
{
    [TestMethod]
    public static void Headers_have_the_fewest_bytes()
    {
        Written("81 05", 0x81, 5, false);
        Written("81 85 37 FA 21 3D", 0x81, 5, true);
        Written("82 7D", 0x82, 125, false);
        Written("82 7E 00 7E", 0x82, 126, false);
        Written("82 7E 01 00", 0x82, 256, false);
        Written("82 FE FF FF 37 FA 21 3D", 0x82, 65535, true);
        Written("82 7F 00 00 00 00 00 01 00 00", 0x82, 65536, false);
        Written("02 FF 7F FF FF FF FF FF FF FF 37 FA 21 3D", 0x02, long.MaxValue, true);
    }

    [TestMethod]
    public static void A_header_is_read_back_in_any_split()
    {
        ReadBack("81 00", 0x81, 0, false);
        ReadBack("C2 7D", 0xC2, 125, false);
        ReadBack("02 7E 00 7E", 0x02, 126, false);
        ReadBack("80 FE FF FF 37 FA 21 3D", 0x80, 65535, true);
        ReadBack("82 7F 00 00 00 00 00 01 00 00", 0x82, 65536, false);
        ReadBack("82 FF 7F FF FF FF FF FF FF FF 37 FA 21 3D", 0x82, long.MaxValue, true);
    }

    [TestMethod]
    public static void A_payload_is_unmasked_in_place_and_no_byte_beyond_it()
    {
        byte[] wire = Bytes.Hex("81 85 37 FA 21 3D 7F 9F 4D 51 58 89 80");
        FrameReader reader = new(true, false);

        Assert.AreEqual(6, reader.ReadHeader(wire, 0, wire.Length));
        Assert.AreEqual(2, reader.ReadPayload(wire, 6, 2));
        Assert.AreEqual(3L, reader.Remaining);
        Assert.AreEqual(3, reader.ReadPayload(wire, 8, 5));

        Assert.AreEqual(0L, reader.Remaining);
        Expect.Hex("48 65 6C 6C 6F 89 80", wire, 6, 7, "payload and what follows");
    }

    [TestMethod]
    public static void A_header_that_breaks_a_rule_is_refused()
    {
        Refused("A1 00", false, ProtocolError.ReservedBit);
        Refused("91 00", false, ProtocolError.ReservedBit);
        Refused("C9 00", false, ProtocolError.ReservedBit);
        Refused("83 00", false, ProtocolError.ReservedOpcode);
        Refused("8B 00", false, ProtocolError.ReservedOpcode);
        Refused("09 00", false, ProtocolError.FragmentedControlFrame);
        Refused("89 7E 00 7E", false, ProtocolError.ControlFrameTooLong);
        Refused("81 05", true, ProtocolError.MaskMissing);
        Refused("81 85 37 FA 21 3D", false, ProtocolError.MaskForbidden);
        Refused("82 7E 00 7D", false, ProtocolError.LengthNotMinimal);
        Refused("82 7F 00 00 00 00 00 00 FF FF", false, ProtocolError.LengthNotMinimal);
        Refused("82 7F 80 00 00 00 00 00 00 00", false, ProtocolError.LengthTooLarge);
    }

    [TestMethod]
    public static void RSV1_needs_an_extension_that_defines_it()
    {
        byte[] wire = Bytes.Hex("C1 00");
        FrameReader reader = new(false, false);

        reader.ReadHeader(wire, 0, wire.Length);

        Assert.AreEqual((int)ProtocolError.ReservedBit, (int)reader.Error);
    }

    private static void Written(string expected, int firstByte, long length, bool masked)
    {
        byte[] buffer = Bytes.Noise(20, 1);
        byte[] before = Bytes.Part(buffer, 0, buffer.Length);

        int size = FrameWriter.WriteHeader(buffer, 3, firstByte, length, masked, 0x3D21FA37);

        Expect.Hex(expected, buffer, 3, size, expected);
        Assert.AreEqual(size, FrameWriter.HeaderSize(length, masked), expected);
        Expect.Same(Bytes.Part(before, 0, 3), buffer, 0, 3, "bytes before");
        Expect.Same(Bytes.Part(before, 3 + size, 17 - size), buffer, 3 + size, 17 - size, "bytes after");
    }

    private static void ReadBack(string header, int firstByte, long length, bool masked)
    {
        byte[] wire = Bytes.Hex(header);
        for (int cut = 0; cut < wire.Length; cut++)
        {
            // RSV1 is defined, so that all but RSV2 and 3 may be set.
            FrameReader reader = new(masked, true);

            Assert.AreEqual(cut, reader.ReadHeader(wire, 0, cut), header);
            Assert.IsFalse(reader.InFrame, header);
            Assert.AreEqual(wire.Length - cut, reader.ReadHeader(wire, cut, wire.Length - cut), header);

            Assert.IsTrue(reader.InFrame, header);
            Assert.AreEqual((int)ProtocolError.None, (int)reader.Error, header);
            Assert.AreEqual(firstByte, reader.FirstByte, header);
            Assert.AreEqual(length, reader.Remaining, header);
        }
    }

    private static void Refused(string header, bool masked, ProtocolError error)
    {
        byte[] wire = Bytes.Hex(header);
        FrameReader whole = new(masked, true);
        whole.ReadHeader(wire, 0, wire.Length);
        FrameReader slow = new(masked, true);
        for (int i = 0; i < wire.Length; i++)
        {
            slow.ReadHeader(wire, i, 1);
        }

        Assert.AreEqual((int)error, (int)whole.Error, header);
        Assert.AreEqual((int)error, (int)slow.Error, header + ", byte by byte");
        Assert.IsFalse(whole.InFrame || slow.InFrame, header);
    }
}
