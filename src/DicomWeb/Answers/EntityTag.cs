using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Panal.DicomWeb.Answers;

/// <summary>Entity tags of what never changes: they follow from content hashes and the form of the answer (RFC 9110 §8.8.3).</summary>
internal static class EntityTag
{
    /// <summary>Sets the tag of an answer.</summary>
    /// <param name="context">The request and its answer.</param>
    /// <param name="contents">Content hashes.</param>
    /// <param name="form">What else the bytes of the answer depend on.</param>
    /// <returns>True when the client has it already and 304 was set.</returns>
    public static bool IsKnown(HttpContext context, IEnumerable<string> contents, string form)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(form));
        foreach (var content in contents)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(content));
        }

        var tag = $"\"{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16))}\"";
        context.Response.Headers.ETag = tag;

        // Patient data: for the client's own cache alone, and asked for again each time, because rights may have ended.
        context.Response.Headers.CacheControl = "private, no-cache";
        if (!EntityTagHeaderValue.TryParseList(context.Request.Headers.IfNoneMatch!, out var known)
            || !known.Any(one => one.Tag == "*" || one.Tag == tag))
        {
            return false;
        }

        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }
}
