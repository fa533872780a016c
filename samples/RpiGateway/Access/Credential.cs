using System;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace RpiGateway.Access;

/// <summary>Somebody who may come in: the name, and what tells whether a secret is theirs.</summary>
/// <param name="Name">1 to 64 of A-Z, a-z, 0-9, '_' and '-'; a device's is its sensor id.</param>
/// <param name="Salt">16 random bytes.</param>
/// <param name="Hash">SHA-256 of the salt and then the secret.</param>
/// <param name="Added">When it was made, in whole seconds.</param>
internal sealed record Credential(string Name, byte[] Salt, byte[] Hash, DateTimeOffset Added)
{
    /// <summary>The most bytes of a secret that are looked at; longer ones are wrong.</summary>
    public const int MaxSecretSize = 256;

    private const int SaltSize = 16;
    private const int SecretSize = 32;

    // What the secret of an unknown name is compared with, so that it takes as long as a known one's.
    private static readonly Credential Nobody = Create("nobody", out _);

    /// <summary>Whether this is a device; else it is a user.</summary>
    [JsonIgnore]
    public bool IsDevice { get; init; }

    /// <summary>Makes one with a new secret: 32 random bytes in base64url.</summary>
    public static Credential Create(string name, out string secret)
    {
        do
        {
            secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretSize));
        }
        while (secret[0] == '-'); // A program that is given it would take it for an option.

        byte[] salt = RandomNumberGenerator.GetBytes(SaltSize);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return new Credential(name, salt, ComputeHash(salt, Encoding.ASCII.GetBytes(secret)), now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)));
    }

    /// <summary>Whether the secret is that of <paramref name="known"/>; false, and as slow, where that is null.</summary>
    // The hash is fast on purpose: a slow one makes guessing dear where people chose the secret, and nobody guesses 256 random bits.
    public static bool Matches(Credential? known, ReadOnlySpan<byte> secret)
    {
        if (secret.Length > MaxSecretSize)
        {
            return false;
        }

        Credential compared = known ?? Nobody;
        return CryptographicOperations.FixedTimeEquals(ComputeHash(compared.Salt, secret), compared.Hash) & known is not null;
    }

    /// <summary>Whether it is the same one, not another by the same name.</summary>
    public bool Equals(Credential? other) => other is not null && Name == other.Name && IsDevice == other.IsDevice && Hash.AsSpan().SequenceEqual(other.Hash);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, IsDevice);

    private static byte[] ComputeHash(byte[] salt, ReadOnlySpan<byte> secret)
    {
        Span<byte> input = stackalloc byte[salt.Length + secret.Length];
        salt.CopyTo(input);
        secret.CopyTo(input[salt.Length..]);
        byte[] hash = SHA256.HashData(input);
        CryptographicOperations.ZeroMemory(input);
        return hash;
    }
}
