using System.Collections.Generic;
using System.Linq;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>The device's sources use nothing that the device's libraries or its language version lack.</summary>
public sealed class CompileTests
{
    [Fact]
    public void The_library_compiles_against_the_devices_surface()
    {
        Assert.NotEmpty(Sources.Read("src/Ws.Micro"));
        Findings.AssertNone(Sources.Library.Errors);
    }

    [Fact]
    public void The_firmware_compiles_against_the_devices_surface()
    {
        Assert.NotEmpty(Sources.Read("samples/Esp32Sensor"));
        Findings.AssertNone(Sources.Firmware.Errors);
    }

    [Fact]
    public void The_devices_tests_compile_against_the_devices_surface()
    {
        Assert.NotEmpty(Sources.Read("tests/Ws.Micro.NanoTests"));
        Findings.AssertNone(Sources.DeviceTests.Errors);
    }

    [Theory]
    [InlineData("int[] a = new int[1]; Array.Resize(ref a, 2);", "'Array' does not contain a definition for 'Resize'")]
    [InlineData("object o = \"a\".Replace('a', 'b');", "'string' does not contain a definition for 'Replace'")]
    [InlineData("object o = System.Text.Encoding.ASCII;", "'Encoding' does not contain a definition for 'ASCII'")]
    [InlineData("Span<byte> s = default;", "'Span<>' could not be found")]
    [InlineData("int? n = null;", "'System.Nullable`1' is not defined")]
    [InlineData("(int, int) t = (1, 2);", "'System.ValueTuple`2' is not defined")]
    [InlineData("decimal d = 1;", "'System.Decimal' is not defined")]
    [InlineData("object o = new { A = 1 };", "anonymous type 'new { A = 1 }' is generic")]
    [InlineData("byte[] b = new byte[4]; b = b[1..];", "'System.Range' is not defined")]
    [InlineData("object o = \"a\"u8;", "Feature 'UTF-8 string literals' is not available in C# 10.0")]
    [InlineData("System.Threading.Monitor.Wait(this);", "'Monitor' does not contain a definition for 'Wait'")]
    [InlineData("object o = new System.Collections.Generic.List<int>();", "'Generic' does not exist in the namespace 'System.Collections'")]
    [InlineData("int n = 3; unsafe { int* p = &n; *p = 4; }", "Unsafe code may only appear")]
    [InlineData("unsafe { fixed (byte* p = new byte[4]) *p = 1; }", "Unsafe code may only appear")]
    [InlineData("byte* p = stackalloc byte[4];", "Pointers and fixed size buffers may only be used in an unsafe context")]
    [InlineData("Span<byte> p = stackalloc byte[4];", "'Span<>' could not be found")]
    [InlineData("delegate*<int, int> f = null;", "Pointers and fixed size buffers may only be used in an unsafe context")]
    [InlineData("object o = (object)new SpanByte(new byte[1]);", "Cannot convert type 'System.SpanByte' to 'object'")]
    [InlineData("nanoFramework.TestFramework.Assert.Inconclusive();", "'Assert' does not contain a definition for 'Inconclusive'")]
    [InlineData("byte[] b = new byte[1]; nanoFramework.TestFramework.Assert.AreEqual(1, b[0]);", "The call is ambiguous")]
    public void What_the_device_lacks_is_named_with_file_line_and_member(string statement, string complaint)
    {
        IEnumerable<string> errors = Planted.Statement(statement).Errors;

        Assert.Contains(errors, error => error.StartsWith($"{Planted.Path}({Planted.StatementLine}): ", System.StringComparison.Ordinal)
            && error.Contains(complaint, System.StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("volatile int _x; int Get() => _x;", "'System.Runtime.CompilerServices.IsVolatile' is not defined")]
    [InlineData("System.Collections.IEnumerator Get() { yield return 1; }", "'System.Collections.Generic.IEnumerator`1' is not defined")]
    [InlineData("async void Get() { }", "'System.Runtime.CompilerServices.AsyncVoidMethodBuilder' is not defined")]
    [InlineData("record R(int A);", "is not defined")]
    [InlineData("[System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)] void Get() { }",
        "'MethodImplOptions' does not contain a definition for 'AggressiveInlining'")]
    [InlineData("SpanByte _s;", "'SpanByte'")]
    public void A_declaration_the_device_lacks_is_named_with_file_and_line(string member, string complaint)
    {
        IEnumerable<string> errors = Planted.Member(member).Errors;

        Assert.Contains(errors, error => error.StartsWith($"{Planted.Path}({Planted.MemberLine}): ", System.StringComparison.Ordinal)
            && error.Contains(complaint, System.StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("object o = $\"{1} and {this}\"; o = string.Format(\"{0}{1}\", 1, 2);")]
    [InlineData("foreach (byte b in new byte[] { 1, 2, 3, 4, 5 }) lock (this) Console.WriteLine(b.ToString());")]
    [InlineData("foreach (char c in \"abc\") { string s = c switch { 'a' => \"1\", _ => \"2\" }; Console.WriteLine(s); }")]
    [InlineData("int n = 3; Action a = () => n++; a(); EventHandler h = (s, e) => a(); h(this, EventArgs.Empty);")]
    [InlineData("using var m = new System.IO.MemoryStream(); m.Read(new SpanByte(new byte[4], 1, 2)); Span(new byte[2]); void Span(SpanByte s) => s[0] = 1;")]
    [InlineData("try { Console.WriteLine(\"a\" + \"b\".Split(',', ';')[0]); } catch (Exception e) when (e.Message == \"a\") { throw; }")]
    [InlineData("switch (Console_ReadLine()) { case \"a\": case \"b\": case \"c\": case \"d\": case \"e\": case \"f\": case \"g\": Console.WriteLine(); break; } string Console_ReadLine() => \"a\";")]
    public void What_the_device_has_compiles(string statement) => Assert.Empty(Planted.Statement(statement).Errors);

    [Fact]
    public void The_device_symbol_is_defined() =>
        Assert.Empty(Planted.Source("#if !NANOFRAMEWORK_1_0\n#error not the device\n#endif\n").Errors);

    [Fact]
    public void Every_source_file_is_found()
    {
        IEnumerable<string> paths = Sources.Read("src/Ws.Micro").Select(source => source.Path);

        Assert.Contains("src/Ws.Micro/WebSocketEngine.cs", paths);
        Assert.Contains("src/Ws.Micro/Framing/FrameReader.cs", paths);
        Assert.DoesNotContain(paths, path => path.Contains("/obj/", System.StringComparison.Ordinal));
    }
}
