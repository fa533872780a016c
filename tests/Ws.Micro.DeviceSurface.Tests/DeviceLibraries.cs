using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>The libraries of .NET nanoFramework that the listings of nano-api describe, as reference assemblies.</summary>
internal static class DeviceLibraries
{
    public static ImmutableArray<Listing> Listings { get; } =
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "nano-api"), "*.txt").Order(StringComparer.Ordinal).Select(Listing.Parse)];

    public static ImmutableDictionary<string, byte[]> Images { get; } = BuildAll();

    public static ImmutableArray<MetadataReference> References { get; } =
        [.. Images.Select(image => MetadataReference.CreateFromImage(image.Value, filePath: image.Key + ".dll"))];

    private static ImmutableDictionary<string, byte[]> BuildAll()
    {
        Dictionary<string, (Listing, ListedType)> surface = Listings
            .SelectMany(listing => listing.Types.Select(type => (listing, type)))
            .ToDictionary(entry => entry.type.Name);
        return Listings.ToImmutableDictionary(listing => listing.Name, listing => ReferenceAssembly.Build(listing, surface));
    }
}
