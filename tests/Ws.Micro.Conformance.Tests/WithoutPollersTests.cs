using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Ws.Micro.Deflate.Tests.Support;
using Ws.Micro.EchoPeer;
using Ws.Micro.Testing;

namespace Ws.Micro.Conformance.Tests;

/// <summary>The listener for .NET as on other systems than Linux, where it has no pollers: what the socket under it can change, in as few cases.</summary>
public sealed class WithoutPollersTests : EndingTests
{
    // Messages, pings and closes: all of Autobahn's short groups, some of each long one.
    private static readonly string[] Groups = ["1", "2", "5", "7"], Single = ["6.1.1", "9.1.4", "9.2.4", "9.3.3", "9.5.2", "9.7.3", "10.1.1", "12.1.4", "13.4.10"];

    public static TheoryData<string> Ids =>
        [.. ConformanceCase.Ids.Select(row => row.Data).Where(id => Groups.Contains(id.Split('.')[0]) || Single.Contains(id))];

    [Fact]
    public void EachCaseIsThere() => Assert.Equal(16 + 11 + 20 + 37 + Single.Length, Ids.Count());

    [Theory]
    [MemberData(nameof(Ids))]
    public Task Conforms(string id)
    {
        ConformanceCase one = ConformanceCase.Get(id);
        if (one.Deflate is null)
        {
            return PlayAsync(TimeSpan.FromSeconds(10), (peer, _) => one.RunAsync(peer));
        }

        Zlib.Require();
        return PlayAsync(TimeSpan.FromSeconds(10), (peer, _) => one.RunAsync(peer), EchoDeflate.For(Stack.Dotnet), one.Deflate);
    }

    private protected override async Task PlayAsync(
        TimeSpan closeTimeout, Func<ScriptedPeer, Task, Task> play, PerMessageDeflateOptions? deflate = null, IReadOnlyList<DeflateTerms>? asked = null)
    {
        await using EchoServer server = EchoServer.StartWithoutPollers(closeTimeout, deflate);
        await using ScriptedPeer peer = await ScriptedPeer.ConnectAsync(server.Port, asked);
        await play(peer, server.FirstConnectionEnded);
        await server.FirstConnectionEnded.WaitAsync(ScriptedPeer.Deadline);
    }
}
