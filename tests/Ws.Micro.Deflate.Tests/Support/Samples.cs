using System;
using System.Linq;
using System.Text;

namespace Ws.Micro.Deflate.Tests.Support;

/// <summary>Data of different kinds, made from a seed.</summary>
internal static class Samples
{
    public static readonly string[] Kinds = ["random", "zeros", "json", "few values", "long ago", "short runs"];

    public static byte[] Make(string kind, int length, Random random)
    {
        byte[] data = new byte[length];
        switch (kind)
        {
            case "random":
                random.NextBytes(data);
                break;

            case "json":
                StringBuilder text = new();
                for (int i = 0; text.Length < length; i++)
                {
                    text.Append($$"""{"id":"sensor-{{random.Next(40)}}","ts":{{1764000000 + (i * 7)}},"temperature":{{random.Next(1500, 2500) / 100.0}},"ok":{{(random.Next(9) > 0 ? "true" : "false")}}},""");
                }

                data = Encoding.ASCII.GetBytes(text.ToString(0, length));
                break;

            case "few values":
                for (int i = 0; i < length; i++)
                {
                    data[i] = (byte)(random.Next(16) * random.Next(16));
                }

                break;

            case "long ago":
                // Matches at distances about each window's size.
                random.NextBytes(data);
                for (int i = 600; i < length; i++)
                {
                    int back = (1 << random.Next(8, 16)) - random.Next(-2, 3);
                    int run = Math.Min(random.Next(3, 300), length - i);
                    for (; run > 0; run--, i++)
                    {
                        data[i] = i >= back ? data[i - back] : data[i];
                    }
                }

                break;

            case "short runs":
                for (int i = 0; i < length;)
                {
                    byte value = (byte)random.Next(4);
                    int run = Math.Min(random.Next(1, 600), length - i);
                    data.AsSpan(i, run).Fill(value);
                    i += run;
                    int period = Math.Min(random.Next(2, 8), i);
                    for (run = Math.Min(random.Next(0, 400), length - i); run > 0; run--, i++)
                    {
                        data[i] = data[i - period];
                    }
                }

                break;
        }

        return data;
    }

    /// <summary>Messages of a kind, most small, some of more than a window.</summary>
    public static byte[][] Messages(string kind, Random random) =>
        [.. Enumerable.Range(0, 6).Select(i => Make(kind, i == 3 ? random.Next(30_000, 80_000) : random.Next(1, 700), random))];
}
