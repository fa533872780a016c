using System;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;

namespace RpiGateway.Access;

/// <summary>Who may come in, as the file says now: changes count within a second. For any thread.</summary>
internal sealed class CredentialRegistry : IDisposable
{
    // One look at the file's time and size: cheap, and right on every file system, which notifications are not.
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    private readonly CredentialFile _file;
    private readonly ILogger _logger;
    private readonly Timer _timer;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, Credential> _simulated = new(StringComparer.Ordinal);
    private FrozenDictionary<string, Credential> _known = FrozenDictionary<string, Credential>.Empty;
    private (DateTime, long) _stamp;
    private string? _trouble;

    /// <summary>Reads the file. One that cannot be read is logged, and lets nobody in.</summary>
    public CredentialRegistry(CredentialFile file, ILogger logger)
    {
        _file = file;
        _logger = logger;
        Update();
        _timer = new Timer(_ => Update(), null, Poll, Poll);
    }

    /// <summary>Raised with one that no longer may come in, after <see cref="IsCurrent"/> says so.</summary>
    public event Action<Credential>? Revoked;

    /// <summary>Gives the one whose name and secret these are, or null. Takes as long for a name that is unknown.</summary>
    public Credential? Verify(string name, ReadOnlySpan<byte> secret)
    {
        Credential? known = Find(name);
        return Credential.Matches(known, secret) ? known : null;
    }

    /// <summary>The device or user of that name, or null.</summary>
    public Credential? Find(string name) => Volatile.Read(ref _known).GetValueOrDefault(name) ?? _simulated.GetValueOrDefault(name);

    /// <summary>Lets one in that is in no file, as long as the gateway lives. Whoever is in the file comes before it.</summary>
    public void AddSimulated(Credential credential) => _simulated[credential.Name] = credential;

    /// <summary>Whether this one, and not only another by the same name, still may come in.</summary>
    public bool IsCurrent(Credential credential) => credential.Equals(Find(credential.Name));

    public void Dispose() => _timer.Dispose();

    private void Update()
    {
        FrozenDictionary<string, Credential> before;
        lock (_lock)
        {
            FileInfo file = new(_file.Path);
            (DateTime, long) stamp = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
            if (stamp == _stamp)
            {
                return;
            }

            before = _known;
            try
            {
                Dictionary<string, Credential> known = [];
                foreach (Credential credential in _file.Read())
                {
                    known.Add(credential.Name, credential);
                }

                Volatile.Write(ref _known, known.ToFrozenDictionary(StringComparer.Ordinal));
                _stamp = stamp;
                _trouble = null;
            }
            catch (Exception error)
            {
                // It is tried again and again, and said once. A timer calls this: whatever it threw would end the process.
                if (_trouble != error.Message)
                {
                    _trouble = error.Message;
                    _logger.LogError("What was known before of devices and users stays: {Reason}", LogText.Printable(_trouble));
                }

                return;
            }
        }

        foreach (Credential credential in before.Values)
        {
            if (!IsCurrent(credential))
            {
                _logger.LogInformation("{Kind} {Name} was revoked", credential.IsDevice ? "Device" : "User", credential.Name);
                Revoked?.Invoke(credential);
            }
        }
    }
}
