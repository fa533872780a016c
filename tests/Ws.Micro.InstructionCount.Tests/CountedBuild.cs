using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Mono.Cecil;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>A device build, loaded into this process with its instructions counted. Not for two threads at once.</summary>
internal sealed class CountedBuild
{
    // netstandard.dll knows where .NET has each type of the device's libraries. What .NET lacks fails when it is first used.
    private static readonly AssemblyNameReference Libraries = new("netstandard", new Version(2, 1, 0, 0))
    {
        PublicKeyToken = [0xCC, 0x7B, 0x13, 0xFF, 0xCD, 0x2D, 0xDD, 0x51],
    };

    private readonly byte[] _image;
    private readonly AssemblyLoadContext _context = new(null);
    private readonly FieldInfo _counter;

    /// <param name="build">What to count. It is changed, and good for nothing else after.</param>
    /// <exception cref="InvalidOperationException">It did not compile; the message is the compiler's.</exception>
    public CountedBuild(DeviceBuild build)
    {
        ModuleDefinition module = build.Module;
        Instrumenter.Instrument(module);
        foreach (AssemblyNameReference library in module.AssemblyReferences)
        {
            (library.Name, library.Version, library.PublicKeyToken) = (Libraries.Name, Libraries.Version, Libraries.PublicKeyToken);
        }

        using MemoryStream image = new();
        module.Write(image);
        _image = image.ToArray();
        Assembly = _context.LoadFromStream(new MemoryStream(_image));
        _counter = Assembly.GetType(Instrumenter.CounterType, throwOnError: true)!.GetField(Instrumenter.CounterField)!;
    }

    public Assembly Assembly { get; }

    /// <summary>Instructions that the build executes while the action runs.</summary>
    public long Count(Action action)
    {
        long before = (long)_counter.GetValue(null)!;
        action();
        return (long)_counter.GetValue(null)! - before;
    }

    /// <summary>Compiles sources of .NET that use the build, and loads them. What they execute does not count.</summary>
    /// <exception cref="InvalidOperationException">They did not compile; the message is the compiler's.</exception>
    public Assembly LoadCaller(IEnumerable<(string Path, string Text)> sources)
    {
        string platform = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        string own = AppContext.BaseDirectory;
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Scenarios",
            sources.Select(source => CSharpSyntaxTree.ParseText(source.Text, path: source.Path)),
            platform.Split(Path.PathSeparator)
                .Where(path => !path.StartsWith(own, StringComparison.Ordinal))
                .Select(path => (MetadataReference)MetadataReference.CreateFromFile(path))
                .Append(MetadataReference.CreateFromImage(_image)),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable));
        using MemoryStream image = new();
        EmitResult result = compilation.Emit(image);
        if (!result.Success)
        {
            throw new InvalidOperationException(string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        }

        image.Position = 0;
        return _context.LoadFromStream(image);
    }
}
