using System;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>The counter is exact: what it says is what these methods' instructions, written beside them, add up to by hand.</summary>
public sealed class CounterTests
{
    private const string Source = """
        using System;

        public static class Sample
        {
            // 5: ldc 0, stloc sum, ldc 0, stloc i, br
            // 4: ldloc sum, ldloc i, add, stloc sum     n times
            // 4: ldloc i, ldc 1, add, stloc i           n times
            // 3: ldloc i, ldarg n, blt                  n + 1 times
            // 2: ldloc sum, ret
            public static int Loop(int n)
            {
                int sum = 0;
                for (int i = 0; i < n; i++)
                {
                    sum += i;
                }

                return sum;
            }

            // 3: ldarg n, ldc 10, bgt; then 4: ldarg n, ldc 3, mul, br; or 3: ldarg n, ldc 7, and
            // 2: ldc 1, add; 1: ret, with a value on the stack where the branches meet
            public static int Branch(int n) => (n > 10 ? n & 7 : n * 3) + 1;

            // 2: ldarg n, switch; 1: br to the default; 2: ldc, ret for each case; 0 falls to 1's
            public static int Switch(int n)
            {
                switch (n)
                {
                    case 0:
                    case 1:
                        return 7;
                    case 2:
                        return 8;
                    case 3:
                        return 9;
                    default:
                        return 10;
                }
            }

            // 3: ldarg n, call Branch, ret; and what Branch itself takes
            public static int Call(int n) => Branch(n);

            // 6: ldsfld, ldsfld, ldarg n, call of Array.Copy, ldarg n, ret
            public static int Native(int n)
            {
                Array.Copy(A, B, n);
                return n;
            }

            // 5: ldarg n, ldc 1, add, starg n, leave; 5: ldarg n, ldc 2, add, starg n, endfinally; 2: ldarg n, ret
            public static int Finally(int n)
            {
                try
                {
                    n++;
                }
                finally
                {
                    n += 2;
                }

                return n;
            }

            private static readonly byte[] A = new byte[4], B = new byte[4];
        }
        """;

    [Theory]
    [InlineData("Loop", 0, 10)]
    [InlineData("Loop", 1, 21)]
    [InlineData("Loop", 100, 1110)]
    [InlineData("Branch", 10, 10)]
    [InlineData("Branch", 11, 9)]
    [InlineData("Switch", 0, 4)]
    [InlineData("Switch", 1, 4)]
    [InlineData("Switch", 3, 4)]
    [InlineData("Switch", 4, 5)]
    [InlineData("Switch", -1, 5)]
    [InlineData("Call", 10, 13)]
    [InlineData("Native", 4, 6)]
    [InlineData("Finally", 1, 12)]
    public void What_is_counted_is_what_a_hand_counts(string name, int argument, long instructions)
    {
        CountedBuild build = new(DeviceBuild.Compile("Planted", [("Sample.cs", Source)]));
        Func<int, int> method = build.Assembly.GetType("Sample")!.GetMethod(name)!.CreateDelegate<Func<int, int>>();
        method(argument);

        Assert.Equal(instructions, build.Count(() => method(argument)));
    }
}
