using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Ws.Micro.DeviceSurface.Tests;

internal sealed record ListedParameter(string Modifier, string Type, string Name, string? Default);

/// <summary>One member line. An enum's constant has the kind "constant", a delegate's signature the kind "invoke".</summary>
internal sealed record ListedMember(
    string Access, string[] Modifiers, string Kind, string Type, string Name,
    ListedParameter[] Parameters, string? Value, string[] Accessors);

internal sealed record ListedType(string Modifier, string Kind, string Name, string[] Bases, List<ListedMember> Members);

/// <summary>The public and protected surface of one device library, as a file of nano-api states it.</summary>
internal sealed partial class Listing
{
    private Listing(string name, Version version) => (Name, Version) = (name, version);

    public string Name { get; }

    public Version Version { get; }

    public List<(string Name, Version Version)> References { get; } = [];

    public List<ListedType> Types { get; } = [];

    /// <exception cref="FormatException">A line is none of the listing's forms; the message quotes it with its number.</exception>
    public static Listing Parse(string path)
    {
        string[] lines = File.ReadAllLines(path);
        string[] first = lines[0].Split(' ');
        var listing = new Listing(first[1], Version.Parse(first[2]));
        for (int i = 1; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("reference ", StringComparison.Ordinal))
            {
                string[] words = lines[i].Split(' ');
                listing.References.Add((words[1], Version.Parse(words[2])));
            }
            else if (TypeLine().Match(lines[i]) is { Success: true } type)
            {
                string[] bases = type.Groups["bases"].Success ? type.Groups["bases"].Value.Split(", ") : [];
                listing.Types.Add(new ListedType(
                    type.Groups["modifier"].Value.Trim(), type.Groups["kind"].Value, type.Groups["name"].Value, bases, []));
            }
            else
            {
                listing.Types[^1].Members.Add(ParseMember(lines[i])
                    ?? throw new FormatException($"{Path.GetFileName(path)}({i + 1}): not a type or a member: '{lines[i]}'"));
            }
        }

        return listing;
    }

    private static ListedMember? ParseMember(string line)
    {
        if (ConstantLine().Match(line) is { Success: true } constant)
        {
            return new ListedMember("public", [], "constant", "", constant.Groups["name"].Value, [], constant.Groups["value"].Value, []);
        }

        if (InvokeLine().Match(line) is { Success: true } invoke)
        {
            return new ListedMember("public", [], "invoke", invoke.Groups["type"].Value, "Invoke", ParseParameters(invoke), null, []);
        }

        Match member = MemberLine().Match(line);
        if (!member.Success)
        {
            return null;
        }

        Group value = member.Groups["value"];
        return new ListedMember(
            member.Groups["access"].Value,
            member.Groups["modifiers"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            member.Groups["kind"].Value,
            member.Groups["type"].Value,
            member.Groups["name"].Value,
            ParseParameters(member),
            value.Success ? value.Value : null,
            member.Groups["accessors"].Value.Split([' ', ';'], StringSplitOptions.RemoveEmptyEntries));
    }

    private static ListedParameter[] ParseParameters(Match match)
    {
        string text = match.Groups["parameters"].Value;
        return text.Length == 0 ? [] : [.. text.Split(", ").Select(p =>
        {
            Match m = Parameter().Match(p);
            return new ListedParameter(
                m.Groups["modifier"].Value.Trim(), m.Groups["type"].Value, m.Groups["name"].Value,
                m.Groups["default"].Success ? m.Groups["default"].Value : null);
        })];
    }

    [GeneratedRegex(@"^public (?<modifier>abstract |sealed |static )?(?<kind>class|struct|interface|enum|delegate) (?<name>[^ ]+)( : (?<bases>.+))?$")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^    (?<name>\w+) = (?<value>-?\d+)$")]
    private static partial Regex ConstantLine();

    [GeneratedRegex(@"^    Invoke (?<type>[^ ]+) \((?<parameters>.*)\)$")]
    private static partial Regex InvokeLine();

    [GeneratedRegex(@"^    (?<access>public|protected) (?<modifiers>((static|abstract|virtual|override|const|readonly) )*)((?<kind>field) (?<type>[^ ]+) (?<name>\w+)( = (?<value>.+))?|(?<kind>property) (?<type>[^ ]+) (?<name>\w+)(\[(?<parameters>.+)\])? \{ (?<accessors>[^}]+)\}|(?<kind>event) (?<type>[^ ]+) (?<name>\w+)|(?<kind>constructor) (?<name>\.ctor)\((?<parameters>.*)\)|(?<kind>method) (?<type>[^ ]+) (?<name>\w+)\((?<parameters>.*)\))$", RegexOptions.ExplicitCapture)]
    private static partial Regex MemberLine();

    [GeneratedRegex(@"^(?<modifier>(out|ref|in) )?(?<type>[^ ]+) (?<name>\w+)( = (?<default>.+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Parameter();
}
