using System.Linq;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Recursion is found, and the deepest and heaviest chains are.</summary>
public sealed class CallStackTests
{
    [Fact]
    public void A_method_that_calls_itself_is_found() => Assert.Equal(
        [$"Ws.Micro.Framing.Sample.Run ({Planted.Path}(8)) -> Ws.Micro.Framing.Sample.Run ({Planted.Path}(8))"],
        new CallStack(new CallGraph(Planted.Member("public int Run(int n) => n == 0 ? 0 : Run(n - 1) + 1;"))).Recursions());

    [Fact]
    public void A_circle_through_an_override_is_found()
    {
        DeviceBuild build = Planted.Source("""
            namespace Ws.Micro.Framing;
            public abstract class Base
            {
                public void Run() => Step();
                protected abstract void Step();
            }
            public class Sample : Base
            {
                protected override void Step() { if (GetHashCode() == 1) Run(); }
            }
            """);

        Assert.Equal(
            [$"Ws.Micro.Framing.Base.Run ({Planted.Path}(4)) -> Ws.Micro.Framing.Sample.Step ({Planted.Path}(9)) -> Ws.Micro.Framing.Base.Run ({Planted.Path}(4))"],
            new CallStack(new CallGraph(build)).Recursions());
    }

    [Fact]
    public void The_deepest_and_the_heaviest_chain_are_found()
    {
        DeviceBuild build = Planted.Member("""
            public int Run(int n) => A(n) + Heavy(n);
                int A(int n) => B(n) * 3;
                int B(int n) => C(n) * 5;
                int C(int n) => n * 7;
                int Heavy(int n) { int a = n * 3, b = a * n, c = a + b, d = b * c; long e = a * d, f = b + c, g = e * f; return (int)((a ^ b ^ c ^ d) + (e ^ f ^ g) * (a + e) * (f + g)); }
            """);
        CallStack stack = new(new CallGraph(build));

        Assert.Equal(["Run", "A", "B", "C"], stack.Heaviest(_ => 1).Chain.Select(method => method.Name));
        Assert.Equal(["Run", "Heavy"], stack.Heaviest(method => method.Body.Variables.Count).Chain.Select(method => method.Name));
        Assert.Equal(4, stack.Heaviest(_ => 1).Weight);
    }
}
