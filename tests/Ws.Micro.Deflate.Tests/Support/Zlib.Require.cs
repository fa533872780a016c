namespace Ws.Micro.Testing;

internal static partial class Zlib
{
    /// <summary>Skips the test where the machine has no zlib; in CI that is a failure.</summary>
    public static void Require()
    {
        if (!IsPresent)
        {
            Tool.Missing(Library);
        }
    }
}
