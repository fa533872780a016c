using System.IO;
using System.Linq;
using System.Text;

namespace Ws.Micro.Benchmarks;

/// <summary>Tables and the words about them, in Markdown, printed as they come.</summary>
public sealed class Report(TextWriter output)
{
    private readonly StringBuilder _all = new();

    /// <summary>A heading of the third level: its figures follow.</summary>
    public void Begin(string heading) => Add($"### {heading}\n\n");

    /// <summary>A paragraph.</summary>
    public void Say(string text) => Add($"{text}\n\n");

    /// <summary>A table's head; its rows follow.</summary>
    public void Table(params string[] columns)
    {
        Row(columns);
        Row([.. columns.Select((_, i) => i == 0 ? "---" : "--:")]);
    }

    /// <summary>A row of the table.</summary>
    public void Row(params string[] cells) => Add($"| {string.Join(" | ", cells)} |\n");

    /// <summary>Ends the table.</summary>
    public void End() => Add("\n");

    /// <summary>Whether a goal is reached, in a table's words.</summary>
    public static string Reached(bool reached) => reached ? "yes" : "**no**";

    internal void WriteTo(string path, string part) => File.WriteAllText(path, Document.Replace(File.ReadAllText(path), part, _all.ToString()));

    private void Add(string text)
    {
        _all.Append(text);
        output.Write(text);
        output.Flush();
    }
}
