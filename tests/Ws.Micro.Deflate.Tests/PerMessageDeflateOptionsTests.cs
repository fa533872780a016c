using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using Ws.Micro.Deflate.Tests.Support;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>What the options refuse, which windows they choose, and that the memory they state is what is taken.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class PerMessageDeflateOptionsTests
{
    public static TheoryData<PerMessageDeflateOptions, string> Bad { get; } = new()
    {
        { new() { MaxSendWindowBits = 7 }, "MaxSendWindowBits is 7; it must be 8 to 15." },
        { new() { MaxSendWindowBits = 16 }, "MaxSendWindowBits is 16; it must be 8 to 15." },
        { new() { MaxReceiveWindowBits = 0 }, "MaxReceiveWindowBits is 0; it must be 8 to 15." },
        { new() { MaxReceiveWindowBits = 16 }, "MaxReceiveWindowBits is 16; it must be 8 to 15." },
        { new() { MinMessageSize = -1 }, "MinMessageSize is -1; it must be at least 0." },
        { new() { ChainDepth = -1 }, "ChainDepth is -1; it must be 0 to 4096." },
        { new() { ChainDepth = 4097 }, "ChainDepth is 4097; it must be 0 to 4096." },
        { new() { LookupBits = 6 }, "LookupBits is 6; it must be 0, or 7 to 10." },
        { new() { LookupBits = 11 }, "LookupBits is 11; it must be 0, or 7 to 10." },
        { new() { LookupBits = -1 }, "LookupBits is -1; it must be 0, or 7 to 10." },
        { new() { LookupBits = 0, MemoryLimit = 2143 }, "MemoryLimit is 2143; it must be at least 2144." },
        { new() { LookupBits = 0, ChainDepth = 0, MemoryLimit = 0 }, "MemoryLimit is 0; it must be at least 1888." },
        { new() { MemoryLimit = -1 }, "MemoryLimit is -1; it must be at least 3168." },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void A_value_out_of_range_is_named_with_what_is_allowed(PerMessageDeflateOptions options, string message)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(options.Validate);
        Assert.StartsWith(message, error.Message);
        Assert.Equal(message[..message.IndexOf(' ', StringComparison.Ordinal)], error.ParamName);
    }

    // No windows fit into such a limit, however long they are looked for.
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(2000)]
    public void Windows_are_not_looked_for_where_none_can_fit(int memoryLimit) =>
        Assert.Throws<ArgumentOutOfRangeException>(new PerMessageDeflateOptions { MemoryLimit = memoryLimit }.Fit);

    [Fact]
    public void The_bounds_themselves_are_taken()
    {
        new PerMessageDeflateOptions().Validate();
        new PerMessageDeflateOptions { MaxSendWindowBits = 8, MaxReceiveWindowBits = 15, MinMessageSize = 0, ChainDepth = 0, LookupBits = 0 }.Validate();
        new PerMessageDeflateOptions { MaxSendWindowBits = 15, MaxReceiveWindowBits = 8, MinMessageSize = int.MaxValue, ChainDepth = 4096, LookupBits = 7 }.Validate();
        new PerMessageDeflateOptions { LookupBits = 10, MemoryLimit = int.MaxValue }.Validate();
        foreach (PerMessageDeflateOptions options in Variants())
        {
            options.MemoryLimit = options.MemoryBytes(8, 8);
            options.Validate();
            Assert.Equal((8, 8), Windows(options));
        }
    }

    [Fact]
    public void The_defaults_are_those_that_are_documented()
    {
        PerMessageDeflateOptions options = new();
        Assert.Equal((32_768, 16, 16, 9, true), (options.MemoryLimit, options.MinMessageSize, options.ChainDepth, options.LookupBits, options.DynamicCodes));
        Assert.Equal((12, 12), Windows(options));
        Assert.Equal(160_599, options.MemoryBytes(15, 15));

        // The device's.
        PerMessageDeflateOptions device = new() { MemoryLimit = 8192, LookupBits = 0, DynamicCodes = false };
        Assert.Equal((10, 11), Windows(device));
        Assert.Equal(2144, device.MemoryBytes(8, 8));
    }

    [Fact]
    public void The_windows_fit_into_every_limit_and_none_could_have_a_bit_more()
    {
        foreach (PerMessageDeflateOptions options in Variants())
        {
            foreach ((int send, int receive) in new[] { (15, 15), (15, 8), (8, 15), (9, 13), (13, 9), (8, 8), (12, 11) })
            {
                options.MaxSendWindowBits = send;
                options.MaxReceiveWindowBits = receive;
                int least = options.MemoryBytes(8, 8);
                for (int limit = least; limit < options.MemoryBytes(15, 15) + 100; limit += 61)
                {
                    options.MemoryLimit = limit;
                    (int ourBits, int theirBits) = Windows(options);
                    Assert.InRange(ourBits, 8, send);
                    Assert.InRange(theirBits, 8, receive);
                    string what = $"{ourBits}, {theirBits} for {limit} bytes of at most {send}, {receive}";
                    Assert.True(options.MemoryBytes(ourBits, theirBits) <= limit, what);
                    Assert.True(ourBits == send || options.MemoryBytes(ourBits + 1, theirBits) > limit, what);
                    Assert.True(theirBits == receive || options.MemoryBytes(ourBits, theirBits + 1) > limit, what);

                    // Neither side goes short for the other's sake.
                    Assert.True(ourBits == send || theirBits == receive || Math.Abs(ourBits - theirBits) <= 3, what);
                }
            }
        }
    }

    [Fact]
    public void What_is_to_be_negotiated_keeps_the_rest()
    {
        DeflateOptions fit = new PerMessageDeflateOptions { SendContextTakeover = false, MaxSendWindowBits = 9 }.Fit();
        Assert.Equal((9, false, true), (fit.MaxSendWindowBits, fit.SendContextTakeover, fit.ReceiveContextTakeover));
        fit = new PerMessageDeflateOptions { ReceiveContextTakeover = false, MaxReceiveWindowBits = 10 }.Fit();
        Assert.Equal((10, true, false), (fit.MaxReceiveWindowBits, fit.SendContextTakeover, fit.ReceiveContextTakeover));
    }

    [Fact]
    public void The_memory_stated_is_what_is_taken()
    {
        foreach (PerMessageDeflateOptions options in Variants())
        {
            foreach ((int ours, int theirs) in Agreed.AllBits.Select((bits, i) => (bits, 8 + (i * 5 % 8))))
            {
                DeflateParameters agreed = new Agreed(ours, theirs).Parameters();
                PerMessageDeflate deflate = new(isServer: true, agreed, options);
                int stated = options.MemoryBytes(ours, theirs);
                Assert.Equal(stated, deflate.MemoryBytes);
                List<Array> arrays = [];
                Collect(deflate, arrays);
                Assert.Equal(stated, arrays.Sum(Buffer.ByteLength));

                // Beside its elements each array has 24 bytes, rounded up to 8; then there are the objects' fields.
                long taken = Measured.Allocated(() => GC.KeepAlive(new PerMessageDeflate(isServer: true, agreed, options)));
                Assert.InRange(taken - stated, 24 * arrays.Count, (32 * arrays.Count) + 700);
            }
        }
    }

    [Fact]
    public void What_an_option_is_said_to_cost_it_costs()
    {
        foreach (int bits in Agreed.AllBits)
        {
            // The encoder's own.
            PerMessageDeflateOptions plain = new() { DynamicCodes = false, LookupBits = 0 };
            Assert.Equal((bits > 9 ? 2 : 1) << bits, plain.MemoryBytes(bits, 8) - new PerMessageDeflateOptions { ChainDepth = 0, DynamicCodes = false, LookupBits = 0 }.MemoryBytes(bits, 8));
            int codes = new PerMessageDeflateOptions { LookupBits = 0 }.MemoryBytes(bits, 8) - plain.MemoryBytes(bits, 8);
            Assert.True(bits < 11 ? codes == 0 : codes is > 4800 and < 16_400, $"{codes} bytes for dynamic codes at window bits {bits}");

            // The decoder's.
            foreach (int lookupBits in new[] { 7, 8, 9, 10 })
            {
                int table = new PerMessageDeflateOptions { DynamicCodes = false, LookupBits = lookupBits }.MemoryBytes(8, bits) - plain.MemoryBytes(8, bits);
                Assert.Equal(8 << Math.Min(lookupBits, Math.Max(7, bits - 2)), table);
                Assert.True(bits < 9 || table <= 2 << bits);
            }
        }
    }

    [Fact]
    public void What_an_option_is_said_to_save_it_saves()
    {
        foreach (int bits in Agreed.AllBits.Where(bits => bits > 8))
        {
            foreach (int devices in new[] { 1, 8 })
            {
                double heads = Sizes(bits, new() { ChainDepth = 0, DynamicCodes = false }, Telemetry.Messages(500, devices));
                double chains = Sizes(bits, new() { DynamicCodes = false }, Telemetry.Messages(500, devices));
                Assert.InRange(heads / chains, 1.12, 1.43);
            }

            foreach ((string name, byte[] text) in DeflaterSizeTests.Texts().Where(_ => bits >= 11))
            {
                foreach (int size in new[] { 2000, 8000, 16_000 })
                {
                    double ratio = Sizes(bits, new(), [text[..size]]) / Sizes(bits, new() { DynamicCodes = false }, [text[..size]]);
                    Assert.True(ratio is > 0.70 and < 0.935, $"{name}, {size} bytes: {ratio:F3}");
                }
            }
        }
    }

    private static double Sizes(int bits, PerMessageDeflateOptions options, byte[][] messages)
    {
        options.MemoryLimit = int.MaxValue;
        WebSocketEngine sender = new Agreed(bits, bits).Engine(isServer: true, options);
        return messages.Sum(message => Wire.Payload(sender.Encode(message, bufferSize: 32_768)).Length);
    }

    // The arrays of an object and of the objects that it holds.
    private static void Collect(object owner, List<Array> arrays)
    {
        foreach (FieldInfo field in owner.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
        {
            object? value = field.GetValue(owner);
            if (value is Array array)
            {
                // The decoder's window is what the extension gives its output in.
                if (!arrays.Contains(array))
                {
                    arrays.Add(array);
                }
            }
            else if (value != null && value is not DeflateParameters && value.GetType().Namespace == "Ws.Micro.Deflate")
            {
                Collect(value, arrays);
            }
        }
    }

    private static (int Send, int Receive) Windows(PerMessageDeflateOptions options)
    {
        DeflateOptions fit = options.Fit();
        return (fit.MaxSendWindowBits, fit.MaxReceiveWindowBits);
    }

    private static IEnumerable<PerMessageDeflateOptions> Variants() =>
        from depth in new[] { 0, 16 }
        from dynamicCodes in new[] { false, true }
        from lookupBits in new[] { 0, 7, 9, 10 }
        select new PerMessageDeflateOptions { ChainDepth = depth, DynamicCodes = dynamicCodes, LookupBits = lookupBits };
}
