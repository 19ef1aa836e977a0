using Microsoft.AspNetCore.Http;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb.Answers;
using Panal.Imaging.Rendering.Output;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Answers WADO-URI (PS3.18 §9): one instance as a file or as a picture.</summary>
public sealed class UriResource(Holding holding, InstanceResource instances, RenderedResource rendered)
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

        var found = (await holding.LocateAsync(request, UidOf(query, "studyUID"), UidOf(query, "seriesUID"), UidOf(query, "objectUID")))[0];
        var instance = found.IsHeldHere ? found : throw new WebFaultException(StatusCodes.Status503ServiceUnavailable, "The instance is held by another node and has not come yet");

        // The first type of the list that can be made; without a list a picture (PS3.18 §9.1.2.2.1).
        foreach (var type in (One(query, "contentType") ?? "image/jpeg").Split(',').Select(type => type.Split(';')[0].Trim().ToLowerInvariant()))
        {
            switch (type)
            {
                case Accepted.Dicom:
                    await instances.AnswerFileAsync(request, instance, One(query, "transferSyntax") ?? "");
                    return;
                case "image/jpeg" or "image/*" or "*/*":
                    await AnswerPictureAsync(request, instance, PictureFormat.Jpeg);
                    return;
                case "image/png":
                    await AnswerPictureAsync(request, instance, PictureFormat.Png);
                    return;
            }
        }

        throw WebFaultException.NotAcceptable("contentType can be application/dicom, image/jpeg or image/png");
    }

    private async Task AnswerPictureAsync(WebRequest request, InstanceReference instance, PictureFormat format)
    {
        var query = request.Context.Request.Query;
        InstanceReference? state = null;
        if (query.ContainsKey("presentationUID"))
        {
            var states = await holding.LocateAsync(request, instance.StudyInstanceUid, UidOf(query, "presentationSeriesUID"), UidOf(query, "presentationUID"));
            state = states[0];
        }

        var numbers = One(query, "frameNumber") is { } text ? FrameResource.NumbersOf(text) : null;
        await rendered.AnswerPictureAsync(
            request, instance, numbers is null or [_] ? numbers?[0] : throw WebFaultException.BadRequest("frameNumber is one number"), state, RenderedQuery.OfUri(query, format));
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
