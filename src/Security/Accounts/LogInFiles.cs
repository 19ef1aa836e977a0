using System.Text.Json;
using System.Text.Json.Serialization;

namespace Panal.Security.Accounts;

/// <summary>A name with its wrong passwords; see docs/formats/log-in.md.</summary>
internal sealed record KeptLockOut
{
    public required string Name { get; init; }

    public required int Failures { get; init; }

    public required DateTimeOffset Until { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>A session without its secret; see docs/formats/log-in.md.</summary>
internal sealed record KeptSession
{
    public required string Digest { get; init; }

    public required string Name { get; init; }

    /// <summary>SHA-256 of the hash of the password at the log-in: when that is another now, the session has ended.</summary>
    public required string Password { get; init; }

    public string? ShareId { get; init; }

    public required string CsrfToken { get; init; }

    public required DateTimeOffset UsedAt { get; init; }

    public required DateTimeOffset EndsAt { get; init; }
}

/// <summary>The last one-time password that an account used; see docs/formats/log-in.md.</summary>
internal sealed record KeptCode
{
    public required string Name { get; init; }

    public required long Step { get; init; }
}

/// <summary>What log-ins leave behind for the next start: who is shut out, which codes were used, and who was logged in; see docs/formats/log-in.md.</summary>
internal static class LogInFiles
{
    public const string LockOutsName = "lock-outs.json";
    public const string UsedCodesName = "used-codes.json";
    public const string SessionsName = "sessions.json";

    /// <summary>Room for the most names and the most sessions; what is longer is neither of them.</summary>
    public const long LengthLimitBytes = 8 << 20;

    /// <summary>The entries of a file; none when it is not there or not as described: shut out is who fails again, and who was logged in logs in again.</summary>
    public static IReadOnlyList<T> Read<T>(string path, Func<T, bool> isValid)
        where T : class
    {
        if (OwnersFile.Read(path, LengthLimitBytes) is not { } bytes)
        {
            return [];
        }

        try
        {
            var entries = (T?[]?)JsonSerializer.Deserialize(bytes, typeof(T[]), LogInJson.Default);
            return entries is not null && entries.All(entry => entry is not null && isValid(entry)) ? [.. entries.OfType<T>()] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>Replaces a file as a whole; what cannot be written is kept in memory only, as long as the node runs.</summary>
    /// <returns>Whether it was written.</returns>
    public static bool TryWrite<T>(string path, T[] entries)
    {
        try
        {
            OwnersFile.Replace(path, stream => JsonSerializer.Serialize(stream, entries, typeof(T[]), LogInJson.Default));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

/// <summary>Names and shapes of the files.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, MaxDepth = 4, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(KeptLockOut[]))]
[JsonSerializable(typeof(KeptCode[]))]
[JsonSerializable(typeof(KeptSession[]))]
internal sealed partial class LogInJson : JsonSerializerContext;
