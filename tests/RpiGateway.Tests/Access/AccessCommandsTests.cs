using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;

namespace RpiGateway.Tests.Access;

/// <summary>The verbs, as a script meets them.</summary>
public sealed class AccessCommandsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("verbs-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("devices", "users")]
    [InlineData("users", "devices")]
    public async Task WhatIsAddedIsListedUntilItIsRevoked(string noun, string other)
    {
        (int code, List<string> output, List<string> errors) = await RunAsync(noun, "add", "attic");
        Assert.Equal(0, code);
        Assert.Matches("^[A-Za-z0-9_][A-Za-z0-9_-]{42}$", Assert.Single(output));
        Assert.Empty(errors);

        Assert.StartsWith("attic\t20", Assert.Single((await RunAsync(noun, "list")).Output));
        Assert.Empty((await RunAsync(other, "list")).Output);
        Assert.Equal(1, (await RunAsync(other, "revoke", "attic")).Code);

        (code, output, errors) = await RunAsync(noun, "revoke", "attic");
        Assert.Equal(0, code);
        Assert.Empty(output);
        Assert.Empty(errors);
        Assert.Empty((await RunAsync(noun, "list")).Output);
    }

    [Theory]
    [InlineData(1, "already", "devices", "add", "attic")]
    [InlineData(1, "already", "users", "add", "attic")]
    [InlineData(1, "no device 'cellar'", "devices", "revoke", "cellar")]
    [InlineData(2, "1 to 64", "devices", "add", "a.b")]
    [InlineData(2, "1 to 64", "devices", "revoke", "")]
    [InlineData(2, "devices add NAME", "devices")]
    [InlineData(2, "devices add NAME", "devices", "add")]
    [InlineData(2, "devices add NAME", "devices", "add", "a", "b")]
    [InlineData(2, "users add NAME", "users", "remove", "attic")]
    [InlineData(2, "unknown option", "devices", "list", "--Nonsense", "x")]
    public async Task WhatCannotBeDoneIsOneLine(int expected, string message, params string[] arguments)
    {
        new CredentialFile(_directory).Change(static all =>
        {
            all.Add(Credential.Create("attic", out _) with { IsDevice = true });
            return true;
        });

        (int code, List<string> output, List<string> errors) = await RunAsync(arguments);

        Assert.Equal(expected, code);
        Assert.Empty(output);
        Assert.Contains(message, Assert.Single(errors));
    }

    private async Task<(int Code, List<string> Output, List<string> Errors)> RunAsync(params string[] arguments)
    {
        await using Tool program = ProgramTests.Start([.. arguments, "--DataDirectory", _directory]);
        return await program.ExitAsync();
    }
}
