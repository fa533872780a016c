using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;

namespace Esp32Sensor.Tests;

/// <summary>The nanoFramework projects, which no build here reads in full, agree with each other and with the folder's contents.</summary>
public sealed class ProjectFileTests
{
    private static readonly string Root = FindRoot();

    [Theory]
    [InlineData("src/Ws.Micro/Ws.Micro.nfproj")]
    [InlineData("samples/Esp32Sensor/Esp32Sensor.nfproj")]
    public void References_point_into_the_packages_that_are_restored(string project)
    {
        string[] hints = [.. Load(project).Descendants().Where(e => e.Name.LocalName == "HintPath").Select(e => e.Value.Split('\\')[3]).Order(StringComparer.Ordinal)];

        Assert.Equal(Packages(project).Select(package => $"{package.Id}.{package.Version}").Order(StringComparer.Ordinal), hints);
        Assert.NotEmpty(hints);
    }

    [Fact]
    public void The_library_and_the_firmware_use_the_same_versions() =>
        Assert.Subset(Packages("samples/Esp32Sensor/").ToHashSet(), Packages("src/Ws.Micro/").ToHashSet());

    [Fact]
    public void The_librarys_package_depends_on_what_it_is_built_with()
    {
        IEnumerable<(string, string)> dependencies = Load("src/Ws.Micro/Ws.Micro.nuspec").Descendants()
            .Where(e => e.Name.LocalName == "dependency")
            .Select(e => (e.Attribute("id")!.Value, e.Attribute("version")!.Value));

        Assert.Equal(Packages("src/Ws.Micro/").Order(), dependencies.Order());
    }

    [Theory]
    [InlineData("src/Ws.Micro/Ws.Micro.nfproj")]
    [InlineData("samples/Esp32Sensor/Esp32Sensor.nfproj")]
    public void The_solution_builds_and_deploys_the_project(string project)
    {
        string solution = File.ReadAllText(Path.Combine(Root, "Ws.Micro.sln"));
        string guid = Load(project).Descendants().Single(e => e.Name.LocalName == "ProjectGuid").Value;

        Assert.Contains($"Project(\"{{11A8DD76-328B-46DF-9F39-F559912D0360}}\") = \"{Path.GetFileNameWithoutExtension(project)}\", \"{project.Replace('/', '\\')}\", \"{guid}\"", solution, StringComparison.Ordinal);
        Assert.Contains($"{guid}.Debug|Any CPU.Build.0 = Debug|Any CPU", solution, StringComparison.Ordinal);
        Assert.Contains($"{guid}.Debug|Any CPU.Deploy.0 = Debug|Any CPU", solution, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Id, string Version)> Packages(string project) =>
        Load(Path.Combine(Path.GetDirectoryName(project)!, "packages.config")).Descendants("package")
            .Select(e => (e.Attribute("id")!.Value, e.Attribute("version")!.Value));

    private static XDocument Load(string path) => XDocument.Load(Path.Combine(Root, path));

    private static string FindRoot()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Ws.Micro.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Ws.Micro.sln");
        }

        return folder.FullName;
    }
}
