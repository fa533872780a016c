namespace Ws.Micro.Deflate.Tests.Support;

/// <summary>
/// Tests that measure what their thread allocates run alone: a collection that another thread's garbage brings about takes the rest of
/// this thread's allocation block away, and counts as allocated.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuredAlone
{
    public const string Name = "Measured alone";
}
