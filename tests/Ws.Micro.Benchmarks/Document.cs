using System;
using System.IO;

namespace Ws.Micro.Benchmarks;

/// <summary>docs/benchmarks.md: what stands between a part's two marks is written by its sub-command.</summary>
internal static class Document
{
    /// <exception cref="IOException">There is no solution above the program.</exception>
    public static string Path
    {
        get
        {
            string? root = AppContext.BaseDirectory;
            while (root != null && !File.Exists(System.IO.Path.Combine(root, "Ws.Micro.sln")))
            {
                root = System.IO.Path.GetDirectoryName(root);
            }

            return System.IO.Path.Combine(root ?? throw new IOException("Ws.Micro.sln is in no directory above."), "docs", "benchmarks.md");
        }
    }

    /// <returns>The document with other text in the part.</returns>
    /// <exception cref="IOException">The part's marks are not there.</exception>
    public static string Replace(string document, string part, string text)
    {
        string begin = $"<!-- {part}: begin -->\n";
        string end = $"<!-- {part}: end -->";
        int from = document.IndexOf(begin, StringComparison.Ordinal);
        int to = document.IndexOf(end, StringComparison.Ordinal);
        if (from < 0 || to < from)
        {
            throw new IOException($"docs/benchmarks.md has no part '{part}'.");
        }

        return $"{document[..(from + begin.Length)]}{text}{document[to..]}";
    }
}
