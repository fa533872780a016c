using System.Collections.Generic;
using static Ws.Micro.Conformance.Tests.Frame;
using static Ws.Micro.Conformance.Tests.Step;

namespace Ws.Micro.Conformance.Tests;

/// <summary>Groups 9 and 10: messages to 16 MiB, whole, fragmented and chopped, and a thousand round trips.</summary>
internal static class LimitCases
{
    private const int KiB = 1024, MiB = 1024 * 1024;
    private const int RoundTripCount = 1000;

    private static readonly int[] MessageSizes = [64 * KiB, 256 * KiB, 1 * MiB, 4 * MiB, 8 * MiB, ConformanceCase.LargestMessage];
    private static readonly int[] FragmentSizes = [64, 256, 1 * KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, 1 * MiB, 4 * MiB];
    private static readonly int[] ChopSizes = [64, 128, 256, 512, 1024, 2048];
    private static readonly int[] RoundTripSizes = [0, 16, 64, 256, 1024, 4096];

    public static IEnumerable<ConformanceCase> All
    {
        get
        {
            foreach (bool isText in new[] { true, false })
            {
                int group = isText ? 1 : 2;
                for (int i = 0; i < MessageSizes.Length; i++)
                {
                    yield return Whole($"9.{group}.{i + 1}", isText, MessageSizes[i]);
                }

                for (int i = 0; i < FragmentSizes.Length; i++)
                {
                    yield return Fragmented($"9.{group + 2}.{i + 1}", isText, 4 * MiB, FragmentSizes[i]);
                }

                for (int i = 0; i < ChopSizes.Length; i++)
                {
                    yield return Chopped($"9.{group + 4}.{i + 1}", isText, ChopSizes[i]);
                }

                for (int i = 0; i < RoundTripSizes.Length; i++)
                {
                    yield return RoundTrips($"9.{group + 6}.{i + 1}", isText, RoundTripSizes[i]);
                }
            }
            yield return Fragmented("10.1.1", true, 64 * KiB, 1300);
        }
    }

    private static ConformanceCase Whole(string id, bool isText, int size) => new(id, () =>
    {
        (Frame message, PeerEvent echo) = Message(isText, size);
        return [Send(message), Expect(echo), Send(Close(1000)), ExpectClose(1000)];
    });

    private static ConformanceCase Fragmented(string id, bool isText, int size, int fragmentSize) => new(id, () =>
    {
        (Frame message, PeerEvent echo) = Message(isText, size);
        return [Send(Fragments(message.Opcode, message.Payload, fragmentSize)), Expect(echo), Send(Close(1000)), ExpectClose(1000)];
    });

    private static ConformanceCase Chopped(string id, bool isText, int chopSize) => new(id, () =>
    {
        (Frame message, PeerEvent echo) = Message(isText, 1 * MiB);
        return [SendChopped(chopSize, message), Expect(echo), Send(Close(1000)), ExpectClose(1000)];
    });

    private static ConformanceCase RoundTrips(string id, bool isText, int size) => new(id, () =>
    {
        List<Step> steps = [];
        (Frame message, PeerEvent echo) = Message(isText, size);
        for (int i = 0; i < RoundTripCount; i++)
        {
            steps.AddRange([Send(message), Expect(echo)]);
        }

        return [.. steps, Send(Close(1000)), ExpectClose(1000)];
    });

    private static (Frame Message, PeerEvent Echo) Message(bool isText, int size)
    {
        byte[] payload = isText ? Payloads.Text(size) : Payloads.Binary(size);
        return isText ? (Text(payload), PeerEvent.Text(payload)) : (Binary(payload), PeerEvent.Binary(payload));
    }
}
