using System;
using System.Linq;
using System.Reflection;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>The memory is what the formula says, all of it from the constructor.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class InflaterMemoryTests(ITestOutputHelper log)
{
    private static readonly int[] Lookups = [0, 7, 8, 9, 10];

    [Fact]
    public void The_formula_is_the_sum_of_the_arrays()
    {
        for (int bits = Inflater.MinWindowBits; bits <= Inflater.MaxWindowBits; bits++)
        {
            foreach (int lookup in Lookups)
            {
                Inflater inflater = new(bits, lookup);
                Array[] arrays = [.. typeof(Inflater).GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
                    .Select(field => field.GetValue(inflater)).OfType<Array>()];
                long allocated = Measured.Allocated(() => GC.KeepAlive(new Inflater(bits, lookup)));

                Assert.Equal(arrays.Sum(Buffer.ByteLength), Inflater.MemoryBytes(bits, lookup));

                // Beside the arrays' elements .NET keeps 24 bytes for each, and the object itself.
                Assert.InRange(allocated - Inflater.MemoryBytes(bits, lookup), 24 * arrays.Length, (32 * arrays.Length) + 128);
                log.WriteLine($"window bits {bits}, lookup bits {lookup}: {Inflater.MemoryBytes(bits, lookup)} bytes");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void Inflating_failing_and_resetting_allocate_nothing(int lookup)
    {
        Zlib.Require();
        byte[][] messages = [.. new[] { 300, 100_000, 2000 }.Select(length => Samples.Make("json", length, new Random(length)))];
        byte[][] streams =
        [
            .. Zlib.Deflate(messages, 9),
            .. Zlib.Deflate(messages, 9, Zlib.Finish, strategy: Zlib.Fixed),
            .. Zlib.Deflate(messages, 9, level: 0),
        ];
        byte[] invalid = [0x06];
        Inflater inflater = new(9, lookup);
        long total = 0;
        bool accepted = true;
        long allocated = Measured.Allocated(() =>
        {
            total = 0;
            for (int i = 0; i < streams.Length; i++)
            {
                if (i % messages.Length == 0)
                {
                    inflater.Reset();
                }

                for (int at = 0; at < streams[i].Length || inflater.OutputCount > 0; at += inflater.Taken)
                {
                    if (!inflater.Inflate(streams[i], at, Math.Min(streams[i].Length - at, 500)))
                    {
                        total = long.MinValue;
                    }

                    total += inflater.OutputCount;
                }
            }

            accepted = inflater.Inflate(invalid, 0, 1);
        });

        Assert.False(accepted);
        Assert.Equal(3 * messages.Sum(message => message.Length), total);
        Assert.Equal(0, allocated);
    }

    [Theory]
    [InlineData(7, 0)]
    [InlineData(16, 0)]
    [InlineData(8, 6)]
    [InlineData(8, 11)]
    [InlineData(8, -1)]
    public void Bits_out_of_range_are_refused(int windowBits, int lookupBits) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Inflater(windowBits, lookupBits));
}
