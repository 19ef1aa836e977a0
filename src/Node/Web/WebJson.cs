using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Panal.Security.Accounts;

namespace Panal.Node.Web;

/// <summary>What is typed at a log-in.</summary>
internal sealed record LogInRequest(string Name, string Password, string Code = "");

/// <summary>Who is logged in; the page shows what these rights allow.</summary>
internal sealed record SessionAnswer(string Name, string DisplayName, Role? Role, AccountRights Rights, string CsrfToken, DateTimeOffset EndsAt, bool HasSecondFactor);

/// <summary>The first administrator.</summary>
internal sealed record SetUpRequest(string Secret, string Name, string Password, string DisplayName = "");

/// <summary>Whether there is no account yet, and what the site's identity provider is called; empty when there is none.</summary>
internal sealed record SetUpAnswer(bool IsNeeded, string Provider);

/// <summary>Where the browser goes to log out at the identity provider too.</summary>
internal sealed record LogOutAnswer(string Address);

/// <summary>A link to one study and its code.</summary>
internal sealed record OpenLinkRequest(string Link, string Code = "");

/// <summary>An account to be added.</summary>
internal sealed record AccountRequest(string Name, Role Role, string Password = "", string DisplayName = "", string ReferringPhysicianName = "");

/// <summary>What is to be changed in an account; what is left out stays.</summary>
internal sealed record AccountChange(Role? Role = null, string? DisplayName = null, string? ReferringPhysicianName = null, bool? IsDisabled = null, bool? RemoveSecondFactor = null);

/// <summary>An account without its secrets.</summary>
internal sealed record AccountAnswer(
    string Name, string DisplayName, Role Role, string ReferringPhysicianName, bool HasPassword, bool HasSecondFactor, bool IsDisabled, DateTimeOffset CreatedAt)
{
    public static AccountAnswer Of(Account account) => new(
        account.Name,
        account.DisplayName,
        account.Role,
        account.ReferringPhysicianName,
        account.Password.Length > 0,
        account.TotpKey.Length > 0,
        account.IsDisabled,
        account.CreatedAt);
}

/// <summary>A password that an administrator gives.</summary>
internal sealed record PasswordRequest(string Password);

/// <summary>A password that its owner changes.</summary>
internal sealed record OwnPasswordRequest(string OldPassword, string NewPassword, string Code = "");

/// <summary>A key for an authenticator, which is in force when a code of it was shown.</summary>
internal sealed record TotpAnswer(string Key, string KeyUri);

/// <summary>A key and a code of it.</summary>
internal sealed record TotpRequest(string Key, string Code, string Password);

/// <summary>A token to be made.</summary>
internal sealed record TokenRequest(string Description, AccountRights Rights, int Days);

/// <summary>A token; its text is there once, when it was made.</summary>
internal sealed record TokenAnswer(string Id, string Description, AccountRights Rights, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string Text)
{
    public static TokenAnswer Of(ApiToken token, string text) => new(token.Id, token.Description, token.Rights, token.CreatedAt, token.ExpiresAt, text);
}

/// <summary>A study to be shared.</summary>
internal sealed record ShareRequest(string StudyInstanceUid, int Hours, string Account = "", string Code = "");

/// <summary>A shared study; the link is there once, when it was made.</summary>
internal sealed record ShareAnswer(
    string Id, string StudyInstanceUid, string Account, bool HasCode, int TriesLeft, string By, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string Link)
{
    public static ShareAnswer Of(SharedStudy share, string link) => new(
        share.Id, share.StudyInstanceUid, share.Account, share.Code.Length > 0, share.TriesLeft, share.By, share.CreatedAt, share.ExpiresAt, link);
}

/// <summary>A study to be deleted.</summary>
/// <param name="Reason">Why; it is kept in the audit trail.</param>
/// <param name="EvenLastCopy">True when it shall go even if nobody else keeps it.</param>
internal sealed record DeletionRequest(string Reason, bool EvenLastCopy = false);

/// <summary>What goes over HTTP between the page and the node.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    MaxDepth = 8)]
[JsonSerializable(typeof(LogInRequest))]
[JsonSerializable(typeof(SessionAnswer))]
[JsonSerializable(typeof(SetUpRequest))]
[JsonSerializable(typeof(SetUpAnswer))]
[JsonSerializable(typeof(LogOutAnswer))]
[JsonSerializable(typeof(OpenLinkRequest))]
[JsonSerializable(typeof(AccountRequest))]
[JsonSerializable(typeof(AccountChange))]
[JsonSerializable(typeof(AccountAnswer))]
[JsonSerializable(typeof(AccountAnswer[]))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(OwnPasswordRequest))]
[JsonSerializable(typeof(TotpAnswer))]
[JsonSerializable(typeof(TotpRequest))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(TokenAnswer[]))]
[JsonSerializable(typeof(ShareRequest))]
[JsonSerializable(typeof(DeletionRequest))]
[JsonSerializable(typeof(ShareAnswer))]
[JsonSerializable(typeof(ShareAnswer[]))]
internal sealed partial class WebJson : JsonSerializerContext
{
    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="JsonException">It is not what the route takes.</exception>
    /// <exception cref="BadHttpRequestException">It is not JSON, or too long.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        if (!context.Request.HasJsonContentType())
        {
            // Forms can be sent by any page; JSON needs the browser to ask first.
            throw new BadHttpRequestException("JSON is needed.", StatusCodes.Status415UnsupportedMediaType);
        }

        return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted).ConfigureAwait(false)
            ?? throw new JsonException("null");
    }

    /// <summary>Writes an answer that nobody keeps.</summary>
    public static Task WriteAsync<T>(HttpContext context, int status, T answer, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        return JsonSerializer.SerializeAsync(context.Response.Body, answer, type, context.RequestAborted);
    }
}
