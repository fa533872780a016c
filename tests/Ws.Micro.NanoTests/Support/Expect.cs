using nanoFramework.TestFramework;

namespace Ws.Micro.NanoTests.Support;

/// <summary>What the framework's asserts say only at the price of an array or a box for each byte.</summary>
internal static class Expect
{
    /// <summary>Fails where the bytes differ, with the place of the first that does.</summary>
    public static void Same(byte[] expected, byte[] actual, int offset, int count, string what)
    {
        Assert.AreEqual(expected.Length, count, what + ": number of bytes");
        for (int i = 0; i < count; i++)
        {
            if (expected[i] != actual[offset + i])
            {
                Assert.AreEqual((int)expected[i], (int)actual[offset + i], what + ": byte " + i.ToString());
            }
        }
    }

    /// <summary>Likewise, over the whole of an array.</summary>
    public static void Same(byte[] expected, byte[] actual, string what) => Same(expected, actual, 0, actual.Length, what);

    /// <summary>Likewise, with the expected bytes in hexadecimal.</summary>
    public static void Hex(string expected, byte[] actual, int offset, int count, string what) =>
        Same(Bytes.Hex(expected), actual, offset, count, what);

    /// <summary>Compares two events. The device shows an enum by its number.</summary>
    public static void Event(EngineEvent expected, EngineEvent actual, string what) => Assert.AreEqual((int)expected, (int)actual, what);

    /// <summary>Compares two states.</summary>
    public static void State(EngineState expected, WebSocketEngine engine, string what) => Assert.AreEqual((int)expected, (int)engine.State, what);
}
