using System.Collections.Generic;
using System.Linq;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Each way to allocate is found, with the calls that lead there.</summary>
public sealed class AllocationTests
{
    [Theory]
    [InlineData("_o = new Sample();", "newobj Ws.Micro.Framing.Sample")]
    [InlineData("_o = new byte[4];", "newarr System.Byte")]
    [InlineData("_o = n;", "box System.Int32")]
    [InlineData("_o = _s + n;", "call of System.String.Concat")]
    [InlineData("_o = string.Format(_s, _o);", "call of System.String.Format")]
    [InlineData("_o = _s.Substring(1);", "call of System.String.Substring")]
    [InlineData("_o = n.ToString();", "call of System.Int32.ToString")]
    [InlineData("_o = System.Text.Encoding.UTF8.GetBytes(_s);", "call of System.Text.Encoding.GetBytes")]
    [InlineData("_o = System.Text.Encoding.UTF8.GetString(_b, 0, n);", "call of System.Text.Encoding.GetString")]
    [InlineData("_o = _b.Clone();", "call of System.Array.Clone")]
    [InlineData("_o = new System.Collections.ArrayList().ToArray();", "call of System.Collections.ArrayList.ToArray")]
    [InlineData("Action a = () => n++; a();", "newobj System.Action")]
    [InlineData("_a();", "call of System.Action.Invoke")]
    [InlineData("foreach (object o in _list) _o = o;", "call of System.Collections.ArrayList.GetEnumerator")]
    [InlineData("throw _e;", "throw")]
    [InlineData("try { n++; } catch { throw; }", "throw")]
    [InlineData("if (n < 0) throw new ArgumentException(_s);", "newobj System.ArgumentException")]
    public void An_allocation_is_found_with_its_path(string statement, string what)
    {
        List<string> findings = Find(Sample(statement), onInterpreter: false);

        Assert.Contains(
            $"Ws.Micro.Framing.Sample.Run ({Planted.Path}(15)) -> Ws.Micro.Framing.Sample.Step ({Planted.Path}(20)): {what} at {Planted.Path}(20)",
            findings);
    }

    [Theory]
    [InlineData("_o = \"abc\";", "ldstr \"abc\"")]
    [InlineData("TimeSpan t = _t; _n = t.Days + t.Hours;", "local of struct System.TimeSpan")]
    public void What_allocates_on_the_interpreter_alone_is_found_where_that_is_asked(string statement, string what)
    {
        DeviceBuild build = Sample(statement);

        Assert.Contains(Find(build, onInterpreter: true), finding => finding.Contains($": {what} at {Planted.Path}(", System.StringComparison.Ordinal));
        Assert.DoesNotContain(Find(build, onInterpreter: false), finding => finding.Contains(what, System.StringComparison.Ordinal));
    }

    [Fact]
    public void Every_override_of_a_virtual_call_is_followed()
    {
        DeviceBuild build = Planted.Source("""
            namespace Ws.Micro.Framing;
            public abstract class Base
            {
                public void Run() => Step();
                protected abstract void Step();
            }
            public class Clean : Base { protected override void Step() { } }
            public class Middle : Clean { }
            public class Wasteful : Middle
            {
                protected override void Step() => new Clean();
            }
            """);

        Assert.Equal(
            [$"Ws.Micro.Framing.Base.Run ({Planted.Path}(4)) -> Ws.Micro.Framing.Wasteful.Step ({Planted.Path}(11)): newobj Ws.Micro.Framing.Clean at {Planted.Path}(11)"],
            Find(build, onInterpreter: true, "Run"));
    }

    [Fact]
    public void Every_implementation_of_an_interface_is_followed()
    {
        DeviceBuild build = Planted.Source("""
            namespace Ws.Micro.Framing;
            public interface IStep { void Step(); }
            public class Sample
            {
                IStep _step;
                public void Run() => _step.Step();
            }
            public class Implicit : IStep { public void Step() => new Sample(); }
            public class Explicit : IStep { void IStep.Step() => new Sample(); }
            """);

        Assert.Equal(
            ["Implicit.Step", "Explicit.Ws.Micro.Framing.IStep.Step"],
            Find(build, onInterpreter: true, "Run").Select(finding => finding.Split("-> Ws.Micro.Framing.")[1].Split(' ')[0]));
    }

    [Fact]
    public void What_allocates_nothing_is_let_through() => Assert.Empty(Find(Sample("""
        Array.Copy(_b, 0, _b, 1, n); Array.Clear(_b, 0, _b.Length);
        for (int i = 0; i < _s.Length; i++) _b[i] = (byte)(_s[i] ^ n);
        n = n switch { 1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, _ => 7 };
        """), onInterpreter: true));

    private static DeviceBuild Sample(string statement) => Planted.Source($$"""
        using System;

        namespace Ws.Micro.Framing;

        public class Sample
        {
            object _o;
            string _s;
            byte[] _b;
            Action _a;
            Exception _e;
            TimeSpan _t;
            int _n;
            System.Collections.ArrayList _list;
            public void Run() { if (_n == 0) Step(_n); else Run2(); }
            void Run2() => Run3();
            void Run3() => Step(_n + 1);
            void Step(int n)
            {
                {{statement}}
            }
        }
        """);

    private static List<string> Find(DeviceBuild build, bool onInterpreter, string entry = "Run")
    {
        CallGraph graph = new(build);
        return new Allocations(graph, onInterpreter).ReachableFrom(graph.Methods.Where(method => method.Name == entry));
    }
}
