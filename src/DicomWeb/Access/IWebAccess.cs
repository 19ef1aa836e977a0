using Microsoft.AspNetCore.Http;
using Panal.Security.Access;
using Panal.Security.Audit;

namespace Panal.DicomWeb.Access;

/// <summary>Decides who may do what through this door. The host gives one; without accounts it is <see cref="LoopbackAccess"/>.</summary>
public interface IWebAccess
{
    /// <summary>Decides on one request before anything of it is answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="wanted">What it needs: Find, Retrieve or Store.</param>
    /// <param name="ct">Fires when the caller is gone.</param>
    ValueTask<WebDecision> DecideAsync(HttpContext context, Rights wanted, CancellationToken ct);
}

/// <summary>Which studies a caller may see; asked once a study and request.</summary>
public interface IStudyFilter
{
    /// <summary>Whether the caller may know of this study.</summary>
    ValueTask<bool> ShowsAsync(string studyInstanceUid, CancellationToken ct);
}

/// <summary>What was decided on a request.</summary>
/// <param name="StatusCode">200 when it may go on, else 401 or 403.</param>
/// <param name="Caller">Who asks, for the audit trail.</param>
/// <param name="Filter">The studies that the caller may see; null for all.</param>
public sealed record WebDecision(int StatusCode, AuditParty Caller, IStudyFilter? Filter)
{
    /// <summary>Why not, for the caller; says nothing about what is held.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The value of WWW-Authenticate, which every 401 needs (RFC 9110 §11.6.1).</summary>
    public string Challenge { get; init; } = "";

    /// <summary>True when the request may go on.</summary>
    public bool IsAccepted => StatusCode == StatusCodes.Status200OK;
}
