using System.IO;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>That runs of the tests side by side do not take each other's packages away.</summary>
public sealed class NodePackagesTests
{
    [Fact]
    public async Task PackagesOfAnotherRunStayUnlessOthersAreWanted()
    {
        Tool.Find("npm");
        using TempDirectory directory = new();
        Directory.CreateDirectory(Path.Join(directory.Path, "mine"));
        File.WriteAllText(Path.Join(directory.Path, "mine", "package.json"), """{ "name": "mine", "version": "1.0.0" }""");
        File.WriteAllText(Path.Join(directory.Path, "package.json"), """{ "dependencies": { "mine": "file:mine" } }""");
        string wanted = Path.Join(directory.Path, "package-lock.json");
        File.WriteAllText(wanted, """
            { "lockfileVersion": 3, "requires": true, "packages": {
              "": { "dependencies": { "mine": "file:mine" } }, "mine": { "version": "1.0.0" }, "node_modules/mine": { "resolved": "mine", "link": true } } }
            """);
        string installed = Path.Join(directory.Path, "node_modules", "mine");
        string mark = Path.Join(directory.Path, "node_modules", "mark");

        await Task.WhenAll(NodePackages.InstallAsync(directory.Path), NodePackages.InstallAsync(directory.Path));
        Assert.True(Directory.Exists(installed));
        File.WriteAllText(mark, "");
        await NodePackages.InstallAsync(directory.Path);
        Assert.True(File.Exists(mark));

        File.AppendAllText(wanted, "\n");
        await NodePackages.InstallAsync(directory.Path);
        Assert.False(File.Exists(mark));
        Assert.True(Directory.Exists(installed));
    }
}
