using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Sources compiled as the .nfproj projects compile them, against the device's libraries and nothing else.</summary>
internal sealed class DeviceBuild
{
    private static readonly CSharpCompilationOptions Options = new(
        OutputKind.DynamicallyLinkedLibrary,
        optimizationLevel: OptimizationLevel.Release,
        checkOverflow: false,
        allowUnsafe: false,
        deterministic: true,
        nullableContextOptions: NullableContextOptions.Enable);

    private readonly CSharpCompilation _compilation;
    private readonly byte[] _image;
    private readonly AssemblyDefinition? _assembly;

    private DeviceBuild(CSharpCompilation compilation, DeviceBuild[] references)
    {
        _compilation = compilation;
        // Cecil reads method bodies from these as they are asked for: they stay open.
        var image = new MemoryStream();
        var symbols = new MemoryStream();
        EmitResult result = compilation.Emit(image, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        _image = image.ToArray();
        Errors = [.. result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(Describe).Concat(AnonymousTypes(compilation))];
        if (!result.Success)
        {
            return;
        }

        image.Position = symbols.Position = 0;
        _assembly = AssemblyDefinition.ReadAssembly(image, new ReaderParameters
        {
            AssemblyResolver = new Resolver(references),
            ReadSymbols = true,
            SymbolReaderProvider = new PortablePdbReaderProvider(),
            SymbolStream = symbols,
        });
    }

    /// <summary>What the compiler refused, each with file, line and its words; empty when it compiled.</summary>
    public ImmutableArray<string> Errors { get; }

    /// <exception cref="InvalidOperationException">It did not compile; the message is the compiler's.</exception>
    public ModuleDefinition Module => (_assembly ?? throw new InvalidOperationException(string.Join('\n', Errors))).MainModule;

    /// <param name="name">The assembly's name.</param>
    /// <param name="sources">Paths, as messages shall show them, with their texts.</param>
    /// <param name="references">Other builds that this one uses.</param>
    public static DeviceBuild Compile(string name, IEnumerable<(string Path, string Text)> sources, params DeviceBuild[] references)
    {
        var parse = new CSharpParseOptions(LanguageVersion.CSharp10, DocumentationMode.None, preprocessorSymbols: ["NANOFRAMEWORK_1_0"]);
        return new DeviceBuild(
            CSharpCompilation.Create(
                name,
                sources.Select(source => CSharpSyntaxTree.ParseText(source.Text, parse, source.Path, System.Text.Encoding.UTF8)),
                DeviceLibraries.References.AddRange(references.Select(build => (MetadataReference)MetadataReference.CreateFromImage(build._image))),
                Options),
            references);
    }

    /// <summary>Where a member is declared: "file(line)".</summary>
    public string Locate(IMemberDefinition member)
    {
        if (member is MethodDefinition method && FirstPoint(method) is { } point)
        {
            return Format(point);
        }

        TypeDefinition type = member as TypeDefinition ?? member.DeclaringType;
        INamedTypeSymbol? symbol = _compilation.GetTypeByMetadataName(type.FullName.Replace('/', '+'));
        ISymbol? found = symbol?.GetMembers(member.Name).FirstOrDefault() ?? symbol;
        Location? location = found?.Locations.FirstOrDefault(l => l.IsInSource);
        return location is null ? "(made by the compiler)" : Format(location);
    }

    /// <summary>Where an instruction stems from: "file(line)".</summary>
    public string Locate(MethodDefinition method, Instruction instruction)
    {
        SequencePoint? point = method.DebugInformation.SequencePoints.LastOrDefault(p => !p.IsHidden && p.Offset <= instruction.Offset);
        return point is null ? Locate(method) : Format(point);
    }

    /// <summary>The compiler tells what an anonymous type lacks, but not where the type stands.</summary>
    private static IEnumerable<string> AnonymousTypes(CSharpCompilation compilation) => compilation.SyntaxTrees
        .SelectMany(tree => tree.GetRoot().DescendantNodes().OfType<AnonymousObjectCreationExpressionSyntax>())
        .Select(node => $"{Format(node.GetLocation())}: anonymous type '{node}' is generic, which the device is not");

    private static SequencePoint? FirstPoint(MethodDefinition method) =>
        method.DebugInformation.SequencePoints.FirstOrDefault(point => !point.IsHidden);

    private static string Format(SequencePoint point) => $"{point.Document.Url}({point.StartLine})";

    private static string Format(Location location)
    {
        FileLinePositionSpan span = location.GetLineSpan();
        return $"{span.Path}({span.StartLinePosition.Line + 1})";
    }

    private static string Describe(Diagnostic diagnostic) =>
        $"{(diagnostic.Location.IsInSource ? Format(diagnostic.Location) : "(no line)")}: {diagnostic.Id}: "
        + diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture);

    private sealed class Resolver(DeviceBuild[] references) : IAssemblyResolver
    {
        private readonly Dictionary<string, AssemblyDefinition> _libraries = [];

        public AssemblyDefinition Resolve(AssemblyNameReference name)
        {
            if (references.FirstOrDefault(build => build._assembly!.Name.Name == name.Name) is { } build)
            {
                return build._assembly!;
            }

            if (!_libraries.TryGetValue(name.Name, out AssemblyDefinition? library))
            {
                library = AssemblyDefinition.ReadAssembly(
                    new MemoryStream(DeviceLibraries.Images[name.Name]), new ReaderParameters { AssemblyResolver = this });
                _libraries.Add(name.Name, library);
            }

            return library;
        }

        public AssemblyDefinition Resolve(AssemblyNameReference name, ReaderParameters parameters) => Resolve(name);

        public void Dispose()
        {
        }
    }
}
