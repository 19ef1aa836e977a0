using System.Text.Json;
using Panal.Dicom;

namespace Panal.Security.Accounts;

/// <summary>An account cannot be made or changed so; the message is for the person who asked.</summary>
public sealed class AccountException(string message) : Exception(message);

/// <summary>All that accounts.json holds.</summary>
internal sealed record AccountsDocument
{
    public static AccountsDocument Empty { get; } = new();

    public IReadOnlyList<Account> Accounts { get; init; } = [];

    public IReadOnlyList<ApiToken> Tokens { get; init; } = [];

    public IReadOnlyList<SharedStudy> Shares { get; init; } = [];
}

/// <summary>Reads and writes accounts.json; see docs/formats/accounts.md.</summary>
internal static class AccountsFile
{
    /// <summary>Room for some thousand people and thirty thousand shared studies; anything longer is not this file.</summary>
    private const long LengthLimitBytes = 16 * 1024 * 1024;

    private const int DepthLimit = 8;

    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = DepthLimit,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <exception cref="AccountException">The file is there and not valid.</exception>
    public static AccountsDocument Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            if (stream.Length > LengthLimitBytes)
            {
                throw new AccountException($"{path} is longer than {LengthLimitBytes} bytes.");
            }

            return Parse(stream, path);
        }
        catch (FileNotFoundException)
        {
            return AccountsDocument.Empty;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AccountException($"{path} cannot be read: {e.Message}");
        }
    }

    /// <summary>Replaces the file as a whole: after a crash it is the old one or the new one.</summary>
    /// <exception cref="AccountException">It would be longer than it may be, or cannot be written.</exception>
    public static void Write(string path, AccountsDocument document)
    {
        try
        {
            OwnersFile.Replace(path, stream =>
            {
                JsonSerializer.Serialize(stream, document, Format);
                stream.WriteByte((byte)'\n');
                if (stream.Length > LengthLimitBytes)
                {
                    throw new AccountException("There is no room for more accounts, tokens and shared studies.");
                }
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AccountException($"{path} cannot be written: {e.Message}");
        }
    }

    internal static AccountsDocument Parse(Stream stream, string path)
    {
        AccountsDocument? document;
        try
        {
            document = JsonSerializer.Deserialize<AccountsDocument>(stream, Format);
        }
        catch (JsonException e)
        {
            throw new AccountException($"{path}: {e.Message}");
        }

        var error = document is null ? "It is empty." : ErrorsOf(document).FirstOrDefault();
        return error is null ? document! : throw new AccountException($"{path}: {error}");
    }

    /// <summary>What is wrong with a document that is JSON of the right shape.</summary>
    private static IEnumerable<string> ErrorsOf(AccountsDocument document)
    {
        // The serializer puts null where the file says null, whatever the types say.
        if (document.Accounts is null || document.Tokens is null || document.Shares is null
            || document.Accounts.Any(a => a is null or { Name: null } or { DisplayName: null } or { Password: null } or { TotpKey: null } or { ReferringPhysicianName: null })
            || document.Tokens.Any(t => t is null or { Id: null } or { Account: null } or { Digest: null } or { Description: null })
            || document.Shares.Any(s => s is null or { Id: null } or { Account: null } or { Digest: null } or { Code: null } or { By: null } or { StudyInstanceUid: null }))
        {
            yield return "A value is null.";
            yield break;
        }

        foreach (var account in document.Accounts)
        {
            if (!Account.IsValidName(account.Name))
            {
                yield return "A name of an account is not 1 to 64 of a-z 0-9 . _ - @.";
            }

            if (!Enum.IsDefined(account.Role) || (account.Password.Length > 0 && !PasswordHash.IsValid(account.Password))
                || !Base32.TryDecode(account.TotpKey, out _))
            {
                yield return $"The role, the password or the TOTP key of {account.Name} is none.";
            }
        }

        if (document.Accounts.Select(a => a.Name).Distinct().Count() != document.Accounts.Count)
        {
            yield return "Two accounts have one name.";
        }

        if (document.Shares.Any(s => !Uid.IsWellFormed(s.StudyInstanceUid) || s.TriesLeft is < 0 or > SharedStudy.Tries || (s.Code.Length > 0 && !PasswordHash.IsValid(s.Code))))
        {
            yield return "A shared study has no valid UID, count of tries or code.";
        }
    }
}
