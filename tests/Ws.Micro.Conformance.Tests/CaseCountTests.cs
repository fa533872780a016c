using System.Linq;

namespace Ws.Micro.Conformance.Tests;

public sealed class CaseCountTests
{
    /// <summary>Autobahn's groups, each with as many cases as there.</summary>
    [Theory]
    [InlineData("1", 16)]
    [InlineData("2", 11)]
    [InlineData("3", 7)]
    [InlineData("4", 10)]
    [InlineData("5", 20)]
    [InlineData("6", 145)]
    [InlineData("7", 37)]
    [InlineData("9", 54)]
    [InlineData("10", 1)]
    [InlineData("12", 90)]
    [InlineData("13", 126)]
    public void EveryGroupIsWhole(string group, int count) =>
        Assert.Equal(count, ConformanceCase.Ids.Count(row => row.Data.Split('.')[0] == group));
}
