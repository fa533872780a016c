using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mono.Cecil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>The reference assemblies say what the listings say: neither more nor less.</summary>
public sealed class ListingTests
{
    public static IEnumerable<TheoryDataRow<string>> Libraries => DeviceLibraries.Listings.Select(listing => new TheoryDataRow<string>(listing.Name));

    [Theory]
    [MemberData(nameof(Libraries))]
    public void An_assembly_printed_as_a_listing_is_the_listing_it_was_made_from(string library)
    {
        string[] listed = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "nano-api", library + ".txt"));
        using var module = ModuleDefinition.ReadModule(new MemoryStream(DeviceLibraries.Images[library]));

        Assert.Equal(Sorted(listed), Sorted(ListingPrinter.Print(module)));
    }

    [Theory]
    [InlineData("    public metod System.Void Run()")]
    [InlineData("    public method System.Void Run(")]
    [InlineData("public record System.Point")]
    public void A_line_that_is_no_listing_is_an_error_that_quotes_it(string line)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(path, ["assembly Broken 1.0.0.0", "public class System.A", line]);

            FormatException error = Assert.Throws<FormatException>(() => Listing.Parse(path));

            Assert.Contains($"(3): not a type or a member: '{line}'", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Each member prefixed by its type, in one order: the listings and the metadata order types and members differently.</summary>
    private static List<string> Sorted(IEnumerable<string> lines)
    {
        string type = "";
        return [.. lines.Select(line => line.StartsWith("    ", StringComparison.Ordinal) ? type + line : type = line).Order(StringComparer.Ordinal)];
    }
}
