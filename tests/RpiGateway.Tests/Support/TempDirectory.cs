using System;
using System.IO;

namespace RpiGateway.Tests;

/// <summary>A directory that is gone in the end.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("gateway-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
