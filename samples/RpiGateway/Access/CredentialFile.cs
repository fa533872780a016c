using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using RpiGateway.Monitoring;

namespace RpiGateway.Access;

/// <summary>
/// devices.json in the data directory: who may come in. Any process may change it, one at a time; readers see the old or the new, never a part.
/// </summary>
internal sealed partial class CredentialFile(string dataDirectory)
{
    private const string FileName = "devices.json";

    /// <summary>Where it is.</summary>
    public string Path { get; } = System.IO.Path.Join(dataDirectory, FileName);

    /// <summary>All that are in it, devices and users; none where there is no file.</summary>
    /// <exception cref="IOException">It cannot be read, or is not what was written; the message says what is wrong.</exception>
    public List<Credential> Read()
    {
        Document? document;
        try
        {
            document = File.Exists(Path) ? JsonSerializer.Deserialize(File.ReadAllBytes(Path), Json.Default.Document) : new Document([], []);
        }
        catch (JsonException error)
        {
            throw new IOException($"{Path} is not a list of devices and users: {LogText.Printable(error.Message)}", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(LogText.Printable(error.Message), error);
        }

        List<Credential?> all = [.. document?.Devices ?? [], .. document?.Users ?? []];
        if (document is null || all.Exists(static one => one is not { Name.Length: > 0, Salt.Length: > 0 and <= 64, Hash.Length: > 0 })
            || all.DistinctBy(static one => one!.Name).Count() != all.Count)
        {
            throw new IOException($"{Path} is not a list of devices and users: each has a name of its own, a salt and a hash");
        }

        int devices = document.Devices?.Count ?? 0;
        return [.. all.Select((one, i) => one! with { IsDevice = i < devices })];
    }

    /// <summary>Changes what is in it; nothing where <paramref name="change"/> gives false.</summary>
    /// <exception cref="IOException">It cannot be read or written, or another process holds it for longer than 10 s.</exception>
    public bool Change(Func<List<Credential>, bool> change)
    {
        try
        {
            using FileStream held = DurableFile.Lock(Path);
            List<Credential> all = Read();
            if (!change(all))
            {
                return false;
            }

            Document document = new([.. all.Where(static one => one.IsDevice)], [.. all.Where(static one => !one.IsDevice)]);
            DurableFile.Write(Path, JsonSerializer.SerializeToUtf8Bytes(document, Json.Default.Document));
            return true;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(LogText.Printable(error.Message), error);
        }
    }

    internal sealed record Document(List<Credential>? Devices, List<Credential>? Users);

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
    [JsonSerializable(typeof(Document))]
    private sealed partial class Json : JsonSerializerContext;
}
