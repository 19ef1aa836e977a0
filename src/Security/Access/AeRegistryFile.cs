using System.Text.Json;
using System.Text.Json.Serialization;

namespace Panal.Security.Access;

/// <summary>The registry cannot be used; <see cref="Errors"/> says all that is wrong with it.</summary>
public sealed class AeRegistryException(IReadOnlyList<string> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    /// <summary>One sentence each.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}

/// <summary>Reads and writes aes.json; see docs/formats/aes.md.</summary>
internal static class AeRegistryFile
{
    /// <summary>Room for some ten thousand entities; anything longer is not this file.</summary>
    private const long LengthLimitBytes = 8 * 1024 * 1024;

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        PropertyNameCaseInsensitive = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private sealed record Document(IReadOnlyList<ApplicationEntity>? NetworkAE);

    /// <exception cref="AeRegistryException">The file is not valid.</exception>
    public static IReadOnlyList<ApplicationEntity> Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > LengthLimitBytes)
            {
                throw new AeRegistryException([$"{path} is longer than {LengthLimitBytes} bytes."]);
            }

            var entities = JsonSerializer.Deserialize<Document>(stream, Format)?.NetworkAE ?? [];
            var errors = Validate(entities);
            return errors.Count == 0 ? entities : throw new AeRegistryException(errors);
        }
        catch (FileNotFoundException)
        {
            return [];
        }
        catch (JsonException e)
        {
            throw new AeRegistryException([$"{path}: {e.Message}"]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AeRegistryException([$"{path} cannot be read: {e.Message}"]);
        }
    }

    /// <summary>Replaces the file as a whole: a reader sees the old one or the new one, also after a power cut.</summary>
    public static void Write(string path, IReadOnlyList<ApplicationEntity> entities)
    {
        var part = path + ".part";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Mode;
        }

        using (var stream = new FileStream(part, options))
        {
            JsonSerializer.Serialize(stream, new Document(entities), Format);
            stream.WriteByte((byte)'\n');
            stream.Flush(flushToDisk: true);
        }

        File.Move(part, path, overwrite: true);
    }

    /// <summary>All that is wrong with the entities, one sentence each.</summary>
    public static IReadOnlyList<string> Validate(IReadOnlyList<ApplicationEntity> entities)
    {
        var errors = new List<string>();
        foreach (var entity in entities)
        {
            errors.AddRange(ErrorsOf(entity).Select(error => $"{AeTitle.ForDisplay(entity.AETitle)}: {error}"));
        }

        foreach (var twice in entities.GroupBy(e => e.AETitle).Where(g => g.Count() > 1))
        {
            errors.Add($"{AeTitle.ForDisplay(twice.Key)}: registered {twice.Count()} times.");
        }

        return errors;
    }

    private static IEnumerable<string> ErrorsOf(ApplicationEntity entity)
    {
        var connection = entity.NetworkConnection;
        if (!AeTitle.IsValid(entity.AETitle) || AeTitle.Trim(entity.AETitle) != entity.AETitle)
        {
            yield return "AETitle is 1 to 16 characters of ASCII without backslash, and no space at its ends.";
        }

        if (connection.Hostname.Length > 0 && !CallerAddress.IsValid(connection.Hostname))
        {
            yield return "Hostname is a DNS name, an IP address or a network such as 10.1.2.0/24.";
        }

        if (connection.Hostname.Length == 0 && entity.AuthorizedNodeCertificate.Length == 0)
        {
            yield return "Hostname or AuthorizedNodeCertificate is needed to know the caller by.";
        }

        if (connection.Port is < 0 or > 65_535)
        {
            yield return "Port is 0 to 65535.";
        }

        if (entity.AuthorizedNodeCertificate.Length > 0 && !CertificateFingerprint.IsValid(entity.AuthorizedNodeCertificate))
        {
            yield return "AuthorizedNodeCertificate is the SHA-256 of a certificate, 64 hexadecimal digits.";
        }

        if (entity.Rights == Rights.None)
        {
            yield return "Rights are empty: it could do nothing.";
        }

        if (entity.MoveDestinations.FirstOrDefault(t => !AeTitle.IsValid(t)) is { } wrong)
        {
            yield return $"MoveDestinations: {AeTitle.ForDisplay(wrong)} is not an AE title.";
        }
    }
}
