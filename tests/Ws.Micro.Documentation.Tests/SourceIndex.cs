using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ws.Micro.Documentation.Tests;

/// <summary>What the repository's sources declare: the members of each file, and the tests of each project.</summary>
internal sealed class SourceIndex
{
    private readonly Dictionary<string, HashSet<string>> _members = [];
    private readonly HashSet<string> _tests = [];

    /// <param name="sources">Path from the repository's root, with slashes, and text of each C# file.</param>
    public SourceIndex(IEnumerable<(string Path, string Text)> sources)
    {
        foreach ((string path, string text) in sources)
        {
            SyntaxNode root = CSharpSyntaxTree.ParseText(text).GetRoot();
            _members[path] = [.. root.DescendantNodes().Select(NameOf).OfType<string>()];
            if (path.StartsWith("tests/", StringComparison.Ordinal))
            {
                string project = path.Split('/')[1];
                foreach (MethodDeclarationSyntax method in root.DescendantNodes().OfType<MethodDeclarationSyntax>().Where(IsTest))
                {
                    _tests.Add($"{project}: {((BaseTypeDeclarationSyntax)method.Parent!).Identifier.Text}.{method.Identifier.Text}");
                }
            }
        }
    }

    public static string Root { get; } = FindRoot();

    public bool HasFile(string path) => _members.ContainsKey(path);

    /// <summary>Whether a file declares a type, member or enum value of that name.</summary>
    public bool HasMember(string path, string name) => _members[path].Contains(name);

    /// <summary>Whether there is a test of that name, "Project: Class.Method".</summary>
    public bool HasTest(string name) => _tests.Contains(name);

    /// <summary>The index of the repository that this was built in.</summary>
    public static SourceIndex OfRepository() => new(
        from folder in new[] { "src", "samples", "tests" }
        from file in Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Root, file).Replace('\\', '/')
        where !path.Split('/').Any(part => part is "bin" or "obj")
        select (path, File.ReadAllText(file)));

    private static string? NameOf(SyntaxNode node) => node switch
    {
        BaseTypeDeclarationSyntax type => type.Identifier.Text,
        MethodDeclarationSyntax method => method.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        EnumMemberDeclarationSyntax value => value.Identifier.Text,
        VariableDeclaratorSyntax { Parent.Parent: FieldDeclarationSyntax } field => field.Identifier.Text,
        _ => null,
    };

    private static bool IsTest(MethodDeclarationSyntax method) =>
        method.AttributeLists.SelectMany(list => list.Attributes).Any(attribute => attribute.Name.ToString() is "Fact" or "Theory");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ws.Micro.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Ws.Micro.sln");
    }
}
