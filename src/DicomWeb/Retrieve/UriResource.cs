using Microsoft.AspNetCore.Http;
using Panal.Dicom;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Answers WADO-URI (PS3.18 §9): one instance as a file. Images wait for rendering.</summary>
public sealed class UriResource(Holding holding, InstanceResource instances)
{
    internal async Task AnswerAsync(WebRequest request)
    {
        var query = request.Context.Request.Query;
        if (One(query, "requestType") != "WADO")
        {
            throw WebFaultException.BadRequest("requestType must be WADO");
        }

        if (query.ContainsKey("anonymize"))
        {
            // To send an identity to somebody who asked for none would be worse than to refuse.
            throw WebFaultException.BadRequest("anonymize is not supported");
        }

        var types = One(query, "contentType") ?? "image/jpeg";
        if (!types.Split(',').Any(type => type.Trim().Equals(Accepted.Dicom, StringComparison.OrdinalIgnoreCase)))
        {
            throw WebFaultException.NotAcceptable("Only contentType=application/dicom is answered; images are not rendered");
        }

        var found = await holding.LocateAsync(request, UidOf(query, "studyUID"), UidOf(query, "seriesUID"), UidOf(query, "objectUID"));
        await instances.AnswerFileAsync(
            request,
            found[0].IsHeldHere ? found[0] : throw new WebFaultException(StatusCodes.Status503ServiceUnavailable, "The instance is held by another node and has not come yet"),
            One(query, "transferSyntax") ?? "");
    }

    private static string UidOf(IQueryCollection query, string name) =>
        One(query, name) is { } uid && Uid.IsWellFormed(uid) ? uid : throw WebFaultException.BadRequest($"{name} must be one UID");

    private static string? One(IQueryCollection query, string name)
    {
        var values = query[name];
        return values.Count switch
        {
            0 => null,
            1 => values[0],
            _ => throw WebFaultException.BadRequest($"{name} stands twice"),
        };
    }
}
