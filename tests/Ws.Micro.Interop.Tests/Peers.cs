using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;

namespace Ws.Micro.Interop.Tests;

/// <summary>WebSockets that others wrote.</summary>
public enum Peer
{
    /// <summary>.NET's ClientWebSocket, and Kestrel's own WebSockets.</summary>
    Dotnet,

    /// <summary>npm's ws.</summary>
    Ws,

    /// <summary>Python's websockets.</summary>
    Python,

    /// <summary>The browser; a client only, which cannot fragment.</summary>
    Chromium,
}

/// <summary>
/// The peers, each a process that is started when first used and serves every test: they hold one conversation after another, so the tests that
/// share them do not run side by side.
/// </summary>
public sealed class Peers : IAsyncDisposable
{
    /// <summary>The certificates that servers which are scripts serve wss with, each on a port of its own, after the port for ws.</summary>
    private static readonly X509Certificate2[] Certificates =
        [TestCertificates.Server, TestCertificates.WrongHost, TestCertificates.Expired, TestCertificates.Untrusted];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly string PythonFolder = typeof(Peers).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(static attribute => attribute.Key == "PythonDirectory").Value!;

    private readonly NodePackages _node = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("interop-").FullName;
    private readonly Dictionary<string, Task<(Tool Tool, string FirstLine)>> _tools = [];
    private readonly string _root;
    private readonly string[] _servers;

    public Peers()
    {
        _root = Write("root", TestCertificates.Root.ExportCertificatePem());
        _servers = [.. Certificates.Select((certificate, i) =>
            Write($"server-{i}", certificate.ExportCertificatePem() + "\n" + certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()))];
    }

    /// <summary>A connection of a peer's client to a server.</summary>
    /// <param name="origin">The browser's page, one of <see cref="OriginsAsync"/>; null: its own. Other peers send no Origin.</param>
    internal async Task<Transcript> TalkAsync(Peer peer, Uri url, Conversation talk, string? origin = null)
    {
        if (peer == Peer.Dotnet)
        {
            return await Client.TalkWithClientWebSocketAsync(url, talk);
        }

        Tool tool = peer switch
        {
            Peer.Ws => (await NodeAsync("ws-client.mjs", false, _root)).Tool,
            Peer.Python => (await PythonAsync("client.py", false, _root)).Tool,
            _ => (await BrowserAsync()).Tool,
        };
        origin ??= peer == Peer.Chromium ? (await OriginsAsync(peer))[0] : null;
        await tool.WriteLineAsync(JsonSerializer.Serialize(
            new { Url = url, talk.Kind, talk.Sizes, talk.Fragments, talk.ClientCloses, talk.Code, talk.Reason, Origin = origin, Deflate = talk.Compression?.Theirs }, Json));
        return Parse(await tool.NextLineAsync());
    }

    /// <summary>The origins of a peer's pages: its own, one of another host, and "null"; none where it is no browser.</summary>
    internal async Task<string[]> OriginsAsync(Peer peer) =>
        peer == Peer.Chromium ? JsonSerializer.Deserialize<string[]>((await BrowserAsync()).FirstLine)! : [];

    /// <summary>A peer's server; wss where it has a certificate, one of <see cref="Certificates"/>.</summary>
    internal async Task<Server> ServeAsync(Peer peer, Conversation talk, X509Certificate2? certificate)
    {
        if (peer == Peer.Dotnet)
        {
            return await KestrelServer.StartAsync(talk, certificate, static app => app.UseWebSockets(), talk.Compression?.Theirs);
        }

        (Tool tool, string ports) = peer == Peer.Ws ? await NodeAsync("ws-server.mjs", true, _servers) : await PythonAsync("server.py", true, _servers);
        int port = JsonSerializer.Deserialize<int[]>(ports)![Array.IndexOf(Certificates, certificate) + 1];
        return new ScriptServer(tool, new Uri($"{(certificate == null ? "ws" : "wss")}://127.0.0.1:{port}/{talk.Query}"));
    }

    public async ValueTask DisposeAsync()
    {
        // At the end of their input they end, the browser too, which then clears away what it has written.
        foreach (Task<(Tool Tool, string FirstLine)> started in _tools.Values.Where(static task => task.IsCompletedSuccessfully))
        {
            await using Tool tool = started.Result.Tool;
            tool.Process.StandardInput.Close();
            await tool.ExitAsync();
        }
        Directory.Delete(_directory, recursive: true);
    }

    private static Transcript Parse(string line)
    {
        Transcript transcript = JsonSerializer.Deserialize<Transcript>(line, Json)!;
        return transcript with { Messages = transcript.Messages ?? [], Deflate = DeflateTerms.Parse(transcript.Extensions) };
    }

    private Task<(Tool Tool, string FirstLine)> BrowserAsync()
    {
        string key = Convert.ToBase64String(SHA256.HashData(TestCertificates.Server.PublicKey.ExportSubjectPublicKeyInfo()));
        return NodeAsync("browser.mjs", true, Tool.Find("chromium"), key);
    }

    private Task<(Tool Tool, string FirstLine)> NodeAsync(string script, bool announces, params string[] arguments) =>
        Started(script, announces, () => _node.RunAsync(script, arguments));

    private Task<(Tool Tool, string FirstLine)> PythonAsync(string script, bool announces, params string[] arguments) =>
        Started(script, announces, async () =>
        {
            // Debian's own, which its packages belong to.
            const string Python = "/usr/bin/python3";
            if (!File.Exists(Python))
            {
                Tool.Missing(Python);
            }

            await using Tool probe = Tool.Start(Python, ["-c", "import websockets"]);
            if ((await probe.ExitAsync()).Code != 0)
            {
                Tool.Missing("python3-websockets");
            }

            return Tool.Start(Python, ["-B", Path.Join(PythonFolder, script), .. arguments]);
        });

    // A start that failed, or was skipped, is so for every test that follows.
    private Task<(Tool Tool, string FirstLine)> Started(string script, bool announces, Func<Task<Tool>> start)
    {
        if (!_tools.TryGetValue(script, out Task<(Tool Tool, string FirstLine)>? started))
        {
            _tools[script] = started = StartAsync(announces, start);
        }

        return started;
    }

    private static async Task<(Tool Tool, string FirstLine)> StartAsync(bool announces, Func<Task<Tool>> start)
    {
        Tool tool = await start();
        return (tool, announces ? await tool.NextLineAsync() : "");
    }

    private string Write(string name, string pem)
    {
        string path = Path.Join(_directory, name + ".pem");
        File.WriteAllText(path, pem);
        return path;
    }

    private sealed class ScriptServer(Tool tool, Uri url) : Server
    {
        public override Uri Url => url;

        public override async Task<Transcript> TranscriptAsync() => Parse(await tool.NextLineAsync());

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

[CollectionDefinition(nameof(Peers))]
public sealed class PeersCollection : ICollectionFixture<Peers>;
