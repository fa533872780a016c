namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Small sources that break a rule on purpose, to show that the rule is held.</summary>
internal static class Planted
{
    public const string Path = "planted/Sample.cs";
    public const int StatementLine = 10;
    public const int MemberLine = 8;

    /// <summary>The statement stands in the public method Run of Ws.Micro.Framing.Sample.</summary>
    public static DeviceBuild Statement(string statement) => Member($"public void Run()\n    {{\n        {statement}\n    }}");

    /// <summary>The member stands in the public class Ws.Micro.Framing.Sample.</summary>
    public static DeviceBuild Member(string member) => Source($$"""
        using System;

        namespace Ws.Micro.Framing;

        #pragma warning disable
        public class Sample
        {
            {{member}}
        }
        """);

    public static DeviceBuild Source(string text) => DeviceBuild.Compile("Planted", [(Path, text)]);
}
