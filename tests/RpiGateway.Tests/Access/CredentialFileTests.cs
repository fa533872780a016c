using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace RpiGateway.Tests.Access;

public sealed class CredentialFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("credentials-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void SecretIsNotInTheFileAndOnlyTheOwnerReadsIt()
    {
        CredentialFile file = new(_directory);

        file.Change(all => Add(all, Credential.Create("attic", out string secret), secret));

        string text = File.ReadAllText(file.Path);
        Assert.DoesNotContain(_secret!, text);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file.Path) == DurableFile.OwnerOnly);
        Assert.True(Credential.Matches(Assert.Single(file.Read()), System.Text.Encoding.ASCII.GetBytes(_secret!)));
    }

    [Fact]
    public async Task ChangesAtOnceAreAllKept()
    {
        CredentialFile file = new(_directory);

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => file.Change(all =>
        {
            all.Add(Credential.Create($"device-{i}", out _) with { IsDevice = i % 2 == 0 });
            return true;
        })))).InTime();

        Assert.Equal(40, file.Read().Count);
        Assert.Equal(20, file.Read().Count(static one => one.IsDevice));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"devices\":[{\"name\":\"x\"}],\"users\":[]}")]
    [InlineData("{\"devices\":[null],\"users\":[]}")]
    [InlineData("{\"devices\":[{\"name\":\"x\",\"salt\":\"AA==\",\"hash\":\"AA==\",\"added\":\"2026-01-01\"},{\"name\":\"x\",\"salt\":\"AA==\",\"hash\":\"AA==\",\"added\":\"2026-01-01\"}],\"users\":[]}")]
    public void BrokenFileIsNamedAndNotWrittenOver(string text)
    {
        CredentialFile file = new(_directory);
        File.WriteAllText(file.Path, text);

        IOException error = Assert.Throws<IOException>(() => file.Change(all => Add(all, Credential.Create("attic", out string secret), secret)));

        Assert.Contains(file.Path, error.Message);
        Assert.Equal(text, File.ReadAllText(file.Path));
    }

    [Fact]
    public void SecretIsItsOwnAndNoOther()
    {
        Credential known = Credential.Create("attic", out string secret);
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(secret);

        Assert.Equal(43, secret.Length);
        Assert.True(Credential.Matches(known, bytes));
        Assert.False(Credential.Matches(null, bytes));
        Assert.False(Credential.Matches(known, bytes.AsSpan(1)));
        Assert.False(Credential.Matches(known, []));
        Assert.False(Credential.Matches(known, new byte[100_000]));
        bytes[^1] ^= 1;
        Assert.False(Credential.Matches(known, bytes));
    }

    private string? _secret;

    private bool Add(List<Credential> all, Credential credential, string secret)
    {
        _secret = secret;
        all.Add(credential);
        return true;
    }
}
