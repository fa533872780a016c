using System.IO;
using System.Linq;
using System.Xml.Linq;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>The library's flash on the device keeps its limits in every form, as <see cref="PeSize"/> computes it.</summary>
public sealed class PeSizeTests(ITestOutputHelper output)
{
    private static readonly string[] Excluded =
        [.. XDocument.Load(Path.Combine(Sources.Root, "src", "Ws.Micro", "Ws.Micro.nfproj")).Descendants()
            .Where(element => element.Name.LocalName == "NFMDP_PE_ExcludeClassByName").Select(element => element.Attribute("Include")!.Value)];

    /// <summary>For what the order of the source files moves: it is not the same everywhere.</summary>
    private const int Margin = 12;

    /// <summary>40 KB, with permessage-deflate.</summary>
    private const int WithDeflate = 40 * 1024;

    /// <summary>Less than nanoFramework's own System.Net.WebSockets, which has no compression: 22,248 B.</summary>
    private const int WithoutDeflate = 22_248 - 1;

    [Theory]
    [InlineData(WithDeflate)]
    [InlineData(WithDeflate, LeanBuildTests.Server)]
    [InlineData(WithoutDeflate, LeanBuildTests.Deflate)]
    [InlineData(WithoutDeflate, LeanBuildTests.Deflate, LeanBuildTests.Server)]
    public void Each_form_keeps_its_limit(int limit, params string[] leftOut)
    {
        int size = PeSize.Of(LeanBuildTests.Build(leftOut), Excluded);

        output.WriteLine($"{size} B of {limit}");
        Assert.InRange(size, 10_000, limit - Margin);
    }

    [Fact]
    public void What_is_too_much_is_found()
    {
        int room = WithoutDeflate - PeSize.Of(LeanBuildTests.Build([LeanBuildTests.Deflate]), Excluded);
        string text = new('x', room);

        int size = PeSize.Of(
            LeanBuildTests.Build([LeanBuildTests.Deflate], (Planted.Path, $"namespace Ws.Micro; class Planted {{ static string Text() => \"{text}\"; }}")), Excluded);

        Assert.True(size > WithoutDeflate, $"{size} B");
    }

    /// <summary>What each addition costs in the .pe, by its format.</summary>
    [Theory]
    [InlineData("class Sample { }", 24 + 7 + 16 + 5)] // a type, its name, a constructor of five bytes
    [InlineData("static class Sample { }", 24 + 7)]
    [InlineData("enum Sample { One, Two }", 24 + 7 + 8)] // of an enum the value's field alone
    [InlineData("static class Sample { static string Text() => \"0123456789\"; }", 24 + 7 + 16 + 5 + 3 + 11 + 4)]
    public void An_addition_counts(string source, int bytes)
    {
        const string Before = "namespace Ws.Micro; public class First { } public enum Second { Zero } ";

        int added = PeSize.Of(Planted.Source(Before + source), Excluded) - PeSize.Of(Planted.Source(Before), Excluded);

        // Each part is filled up to a multiple of four.
        Assert.InRange(added, bytes - 6, bytes + 6);
    }
}
