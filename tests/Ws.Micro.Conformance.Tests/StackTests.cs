using System;
using System.Threading.Tasks;

namespace Ws.Micro.Conformance.Tests;

/// <summary>What every stack must do in every role it has.</summary>
public abstract partial class StackTests : EndingTests
{
    [Theory]
    [MemberData(nameof(ConformanceCase.Ids), MemberType = typeof(ConformanceCase))]
    public Task Conforms(string id)
    {
        ConformanceCase one = ConformanceCase.Get(id);
        return one.Deflate is null
            ? PlayAsync(TimeSpan.FromSeconds(10), (peer, _) => one.RunAsync(peer))
            : PlayDeflateAsync(one.Deflate, new DeflateTerms(), one.RunAsync);
    }
}
