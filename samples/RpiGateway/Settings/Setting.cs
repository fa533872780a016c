namespace RpiGateway.Settings;

/// <summary>What <c>--help</c> says of one setting.</summary>
/// <param name="Name">Its name; those of a section are <c>Section:Name</c>.</param>
/// <param name="Value">What stands for its value, for example URL.</param>
/// <param name="Meaning">One line, with what is allowed.</param>
/// <param name="Default">The value that holds where none is given; empty for none.</param>
internal sealed record Setting(string Name, string Value, string Meaning, string Default);
