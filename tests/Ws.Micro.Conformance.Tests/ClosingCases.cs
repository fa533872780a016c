using System;
using System.Collections.Generic;
using System.Linq;
using static Ws.Micro.Conformance.Tests.Frame;
using static Ws.Micro.Conformance.Tests.Step;

namespace Ws.Micro.Conformance.Tests;

/// <summary>Group 7: the closing handshake (RFC 6455 §5.5.1, §7.1, §7.4).</summary>
internal static class ClosingCases
{
    private const string Hello = "Hello World!";

    private static readonly int[] ValidCodes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
    private static readonly int[] InvalidCodes = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];

    public static IEnumerable<ConformanceCase> All
    {
        get
        {
            byte[] large = Payloads.Text(256 * 1024);
            byte[] notUtf8 = Convert.FromHexString("CEBAE1BDB9CF83CEBCCEB5EDA080656469746564");

            yield return new("7.1.1", () => [Send(Text(Hello)), Expect(PeerEvent.Text(Hello)), Send(Close(1000)), ExpectClose(1000)]);
            yield return Closes("7.1.2", 1000, Close(1000), new Frame(CloseOpcode, []));
            yield return Closes("7.1.3", 1000, Close(1000), Ping());
            yield return Closes("7.1.4", 1000, Close(1000), Text(Hello));
            yield return Closes("7.1.5", 1000, Text("fragment1", fin: false), Close(1000), Continuation("fragment2"));
            yield return new("7.1.6", () =>
            [
                Send(Text(large), Text(Hello), Close(1000), Ping()),
                Expect(PeerEvent.Text(large)), Expect(PeerEvent.Text(Hello)), ExpectClose(1000),
            ]);

            // A close without a code may be answered without one (§5.5.1 has no code to echo).
            yield return new("7.3.1", () => [Send(new Frame(CloseOpcode, [])), ExpectClose(PeerEvent.NoStatusReceived, 1000)]);
            yield return Closes("7.3.2", 1002, new Frame(CloseOpcode, "a"u8.ToArray()));
            yield return Closes("7.3.3", 1000, Close(1000));
            yield return Closes("7.3.4", 1000, Close(1000, Hello));
            yield return Closes("7.3.5", 1000, Close(1000, Payloads.Text(123)));
            yield return Closes("7.3.6", 1002, Close(1000, Payloads.Text(124)));
            yield return Closes("7.5.1", 1007, Close(1000, notUtf8));

            // §5.5.1: an endpoint typically echoes the code it received.
            for (int i = 0; i < ValidCodes.Length; i++)
            {
                yield return Closes($"7.7.{i + 1}", ValidCodes[i], Close(ValidCodes[i]));
            }

            for (int i = 0; i < InvalidCodes.Length; i++)
            {
                yield return Closes($"7.9.{i + 1}", 1002, Close(InvalidCodes[i]));
            }

            // Undefined by the RFC: this library takes codes above 4999 as §7.4.2 takes those it leaves out.
            yield return Closes("7.13.1", 1002, Close(5000));
            yield return Closes("7.13.2", 1002, Close(65535));
        }
    }

    private static ConformanceCase Closes(string id, int code, params Frame[] frames) => new(id, () => [Send(frames), ExpectClose(code)]);
}
