using System.Collections.Generic;
using System.Linq;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Each thing that compiles and then fails on the device is found, and named with file, line and member.</summary>
public sealed class ForbiddenFeatureTests
{
    [Theory]
    [InlineData("Action<int> a = null; a(1);", "System.Action`1<System.Int32>: generics do not load")]
    [InlineData("EventHandler<EventArgs> h = (s, e) => { };", "System.EventHandler`1<System.EventArgs>: generics do not load")]
    [InlineData("Func<int> f = () => 1; f();", "System.Func`1<System.Int32>: generics do not load")]
    [InlineData("int[,] a = new int[2, 2]; a[0, 1] = 3;", "System.Int32[0...,0...]: multi-dimensional arrays do not convert")]
    [InlineData("int n = Console.ToString().Length; checked { n += 5; } Console = n;", "add.ovf: 'checked' never throws")]
    [InlineData("long n = Console.ToString().Length; Console = checked((int)n);", "conv.ovf.i4: 'checked' never throws")]
    [InlineData("long n = Console.ToString().Length; Console = new byte[n];", "conv.ovf.i: 'checked' never throws")]
    [InlineData("Console = \"a\\0b\";", "a string ends at its first NUL on the device")]
    [InlineData("DayOfWeek day = DayOfWeek.Friday; Console = day.ToString();", "System.DayOfWeek.ToString gives the number on the device, not the name")]
    public void A_statement_is_found(string statement, string complaint)
    {
        DeviceBuild build = Planted.Source($$"""
            using System;

            namespace Ws.Micro.Framing;

            public class Sample
            {
                public static object Console = "";
                public void Run()
                {
                    {{statement}}
                }
            }
            """);

        AssertFound(build, $"{Planted.Path}({Planted.StatementLine}): Ws.Micro.Framing.Sample.Run: {complaint}");
    }

    [Theory]
    [InlineData("public T Get<T>(T value) => value;", ".Get: T: generics do not load")]
    [InlineData("public class Box<T> { }", "/Box`1: T: generics do not load")]
    [InlineData("public Action<string> Changed;", ".Changed: System.Action`1<System.String>: generics do not load")]
    [InlineData("public void Get(Func<int>[] all) { }", ".Get: System.Func`1<System.Int32>[]: generics do not load")]
    [InlineData("public event EventHandler<EventArgs> Changed { add { } remove { } }", ".add_Changed: System.EventHandler`1<System.EventArgs>: generics do not load")]
    [InlineData("public interface IGet { int Get() => 1; }", "/IGet.Get: an interface method with a body fails when run")]
    [InlineData("[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit)] public struct Union { }", "/Union: explicit layout is not supported")]
    [InlineData("public const string Text = \"a\\0\";", ".Text: a string ends at its first NUL on the device")]
    [InlineData("public int[][,] Grid;", ".Grid: System.Int32[0...,0...][]: multi-dimensional arrays do not convert")]
    public void A_declaration_is_found(string member, string complaint) =>
        AssertFound(Planted.Member(member), $"{Planted.Path}({Planted.MemberLine}): Ws.Micro.Framing.Sample{complaint}");

    [Fact]
    public void Constant_arrays_of_64_KB_together_are_found()
    {
        string half = string.Join(',', Enumerable.Range(0, 32 * 1024).Select(i => (i % 251).ToString(System.Globalization.CultureInfo.InvariantCulture)));

        DeviceBuild build = Planted.Member($"static byte[] A = {{ {half} }}; static byte[] B = {{ 1, {half[2..]} }};");

        AssertFound(build, "Planted: 65536 bytes of constant arrays, at most 65535 are allowed in one assembly");
    }

    [Fact]
    public void What_works_on_the_device_is_let_through()
    {
        DeviceBuild build = Planted.Member("""
            public event EventHandler Changed;
            public int Value { get; init; }
            static readonly ushort[] Table = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
            readonly struct Pair { public readonly int A; public Pair(in int a) => A = a; }
            public string Run(object o, out int n)
            {
                int local = Table[2];
                Action later = () => local++;
                later();
                Changed?.Invoke(this, EventArgs.Empty);
                n = new Pair(local).A + unchecked((int)3000000000u);
                lock (this)
                    return o switch { int i => $"{i}", string { Length: > 3 } s => s, _ => ((int)DayOfWeek.Friday).ToString() };
            }
            """);

        Assert.Empty(ForbiddenFeatures.Find(build));
    }

    private static void AssertFound(DeviceBuild build, string beginning)
    {
        List<string> findings = ForbiddenFeatures.Find(build);

        Assert.Contains(findings, finding => finding.StartsWith(beginning, System.StringComparison.Ordinal));
    }
}
