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
    [InlineData("tests/Ws.Micro.NanoTests/Ws.Micro.NanoTests.nfproj")]
    public void References_point_into_the_packages_that_are_restored(string project)
    {
        string[] hints = [.. Load(project).Descendants().Where(e => e.Name.LocalName == "HintPath").Select(e => e.Value.Split('\\')[3]).Distinct().Order(StringComparer.Ordinal)];

        Assert.Equal(Packages(project).Select(package => $"{package.Id}.{package.Version}").Order(StringComparer.Ordinal), hints);
        Assert.NotEmpty(hints);
    }

    [Theory]
    [InlineData("samples/Esp32Sensor/")]
    [InlineData("tests/Ws.Micro.NanoTests/")]
    public void The_library_and_what_uses_it_have_the_same_versions(string user) =>
        Assert.Subset(Packages(user).ToHashSet(), Packages("src/Ws.Micro/").ToHashSet());

    [Fact]
    public void The_devices_tests_are_listed_one_by_one_under_the_name_that_the_launcher_looks_for()
    {
        XDocument project = Load("tests/Ws.Micro.NanoTests/Ws.Micro.NanoTests.nfproj");
        string folder = Path.Combine(Root, "tests/Ws.Micro.NanoTests");
        IEnumerable<string> files = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file).Replace('/', '\\'))
            .Where(file => !file.StartsWith("bin\\", StringComparison.Ordinal) && !file.StartsWith("obj\\", StringComparison.Ordinal));
        IEnumerable<string> listed = project.Descendants().Where(e => e.Name.LocalName == "Compile").Select(e => e.Attribute("Include")!.Value);

        Assert.Equal(files.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        Assert.Equal("NFUnitTest", project.Descendants().Single(e => e.Name.LocalName == "AssemblyName").Value);
        Assert.True(File.Exists(Path.Combine(folder, "nano.runsettings")));

        // Where the project system is absent, 'dotnet test' refuses a solution with a test project of another kind.
        Assert.Contains("NFProjectSystem.CSharp.targets", project.Descendants().Single(e => e.Name.LocalName == "IsTestProject").Attribute("Condition")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void The_librarys_package_depends_on_what_it_is_built_with()
    {
        IEnumerable<(string, string)> dependencies = Load("src/Ws.Micro/Ws.Micro.nuspec").Descendants()
            .Where(e => e.Name.LocalName == "dependency")
            .Select(e => (e.Attribute("id")!.Value, e.Attribute("version")!.Value));

        Assert.Equal(Packages("src/Ws.Micro/").Order(), dependencies.Order());
    }

    [Theory]
    [InlineData("| GPIO 21 | BME280 SDA |", "I2cDataPin = Gpio.IO21;")]
    [InlineData("| GPIO 22 | BME280 SCL |", "I2cClockPin = Gpio.IO22;")]
    [InlineData("| GPIO 2 | LED", "LedPin = Gpio.IO02;")]
    [InlineData("| GPIO 34 (converter 1, channel 6;", "BatteryChannel = 6;")]
    [InlineData("I2C address 0x76", "Address = 0x76;")]
    public void The_wiring_is_what_the_firmware_drives(string wire, string code)
    {
        Assert.Contains(wire, File.ReadAllText(Path.Combine(Root, "hardware/README.md")), StringComparison.Ordinal);
        Assert.Contains(code, string.Concat(new[] { "Board.cs", "ClimateSensor.cs" }.Select(file => File.ReadAllText(Path.Combine(Root, "samples/Esp32Sensor", file)))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("src/Ws.Micro/Ws.Micro.nfproj")]
    [InlineData("samples/Esp32Sensor/Esp32Sensor.nfproj")]
    [InlineData("tests/Ws.Micro.NanoTests/Ws.Micro.NanoTests.nfproj")]
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
