using Microsoft.AspNetCore.Http;
using Panal.Archive.Retrieve;
using Panal.Archive.Retrieve.Metadata;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Finds the instances that a path names, as far as the caller may see them.</summary>
public sealed class Holding(Retriever retriever, StoredMetadata metadata)
{
    /// <summary>Seconds after which what other nodes hold may have come.</summary>
    private const string RetryAfterSeconds = "5";

    /// <summary>Says of how many quality layers of all the coarsest image of an answer is made; absent when all are as stored.</summary>
    private const string LayersHeader = "Panal-Layers";

    /// <summary>Those of the instances that are here, in display order; what only other nodes hold is waited for while it comes.</summary>
    /// <param name="request">The request with its path.</param>
    /// <returns>At least one, and whether all are here.</returns>
    /// <exception cref="WebFaultException">There are none, the caller may not see them, or only other nodes hold them.</exception>
    internal async ValueTask<(IReadOnlyList<InstanceReference> Instances, bool IsComplete)> FindAsync(WebRequest request)
    {
        var found = await LocateAsync(request, request.StudyInstanceUid!, request.SeriesInstanceUid, request.SopInstanceUid);
        if (!found.All(instance => instance.IsHeldHere) && await BringAsync(found, request.Context.RequestAborted))
        {
            found = await LocateAsync(request, request.StudyInstanceUid!, request.SeriesInstanceUid, request.SopInstanceUid);
        }

        var here = found.Where(instance => instance.IsHeldHere).ToArray();
        return here.Length > 0 ? (here, here.Length == found.Count) : throw NotYet(request);
    }

    /// <summary>
    /// As <see cref="FindAsync"/>, for showing: a client that would rather not wait gets what has come so far of each image, and is told in a header of how
    /// many quality layers that is.
    /// </summary>
    /// <exception cref="WebFaultException">There are none, the caller may not see them, or only other nodes hold them.</exception>
    internal async ValueTask<(IReadOnlyList<InstanceReference> Instances, bool IsComplete)> FindShownAsync(WebRequest request)
    {
        if (!request.TakesPreviews)
        {
            return await FindAsync(request);
        }

        var found = await LocateAsync(request, request.StudyInstanceUid!, request.SeriesInstanceUid, request.SopInstanceUid);
        var shown = new List<InstanceReference>(found.Count);
        foreach (var instance in found)
        {
            // One that does not come ends the waiting: the next would keep the client as long again.
            if (await retriever.PreviewAsync(instance, request.Context.RequestAborted) is not { } one)
            {
                break;
            }

            shown.Add(one);
        }

        var headers = request.Context.Response.Headers;
        headers["Preference-Applied"] = WebRequest.NoWait;
        if (shown.Select(static one => one.Preview).OfType<ImagePreview>().MinBy(static preview => preview.Layers) is { } coarsest)
        {
            headers[LayersHeader] = $"{coarsest.Layers}/{coarsest.AllLayers}";
        }

        return shown.Count > 0 ? (shown, shown.Count == found.Count) : throw NotYet(request);
    }

    /// <summary>
    /// For metadata: all of the instances when each is here or its metadata is stored, so that nothing is waited for; else as <see cref="FindShownAsync"/>.
    /// </summary>
    /// <returns>At least one, and whether all are described.</returns>
    /// <exception cref="WebFaultException">There are none, the caller may not see them, or only other nodes can tell of them.</exception>
    internal async ValueTask<(IReadOnlyList<InstanceReference> Instances, bool IsComplete)> FindDescribedAsync(WebRequest request)
    {
        if (metadata.Describe(await LocateAsync(request, request.StudyInstanceUid!, request.SeriesInstanceUid, request.SopInstanceUid)) is not { } described)
        {
            return await FindShownAsync(request);
        }

        if (request.TakesPreviews)
        {
            request.Context.Response.Headers["Preference-Applied"] = WebRequest.NoWait;
        }

        return (described, true);
    }

    /// <summary>Those that are here, for who needs just one of them; when none is, the middle one is brought.</summary>
    /// <returns>At least one.</returns>
    /// <exception cref="WebFaultException">There are none, the caller may not see them, or only other nodes hold them.</exception>
    internal async ValueTask<IReadOnlyList<InstanceReference>> FindAnyAsync(WebRequest request)
    {
        var found = await LocateAsync(request, request.StudyInstanceUid!, request.SeriesInstanceUid, request.SopInstanceUid);
        InstanceReference[] here = [.. found.Where(instance => instance.IsHeldHere)];
        return here.Length > 0 ? here : await BringAsync(found[found.Count / 2], request.Context.RequestAborted) is { } one ? [one] : throw NotYet(request);
    }

    /// <summary>
    /// Those of the instances that are here or on their way, in display order, as soon as the first of those has come: the study follows it,
    /// and what is not here yet is waited for by <see cref="BringAsync(InstanceReference, CancellationToken)"/> when its turn comes.
    /// </summary>
    /// <returns>At least one, and whether all are here or on their way.</returns>
    /// <exception cref="WebFaultException">There are none, the caller may not see them, or only other nodes hold them and cannot be reached.</exception>
    internal async ValueTask<(IReadOnlyList<InstanceReference> Instances, bool IsComplete)> BeginAsync(WebRequest request)
    {
        var found = await LocateAsync(request, request.StudyInstanceUid!, request.SeriesInstanceUid, request.SopInstanceUid);
        if (found.FirstOrDefault(instance => !instance.IsHeldHere) is not { } missing)
        {
            return (found, true);
        }

        if (await BringAsync(missing, request.Context.RequestAborted) is { } first)
        {
            return ([.. found.Select(instance => instance.SopInstanceUid == first.SopInstanceUid ? first : instance)], true);
        }

        InstanceReference[] here = [.. found.Where(instance => instance.IsHeldHere)];
        return here.Length > 0 ? (here, false) : throw NotYet(request);
    }

    /// <summary>The instance once it is here; null when it does not come.</summary>
    internal async ValueTask<InstanceReference?> BringAsync(InstanceReference instance, CancellationToken ct)
    {
        if (instance.IsHeldHere)
        {
            return instance;
        }

        return await retriever.BringAsync(instance, ct) ? retriever.Refresh(instance) : null;
    }

    // One that does not come ends the waiting: the next would keep the client as long again.
    private async ValueTask<bool> BringAsync(IReadOnlyList<InstanceReference> found, CancellationToken ct)
    {
        var hasBrought = false;
        foreach (var instance in found)
        {
            if (!instance.IsHeldHere && !await retriever.BringAsync(instance, ct))
            {
                break;
            }

            hasBrought |= !instance.IsHeldHere;
        }

        return hasBrought;
    }

    /// <summary>Opens the bytes of the one instance that a path names, for showing.</summary>
    /// <exception cref="WebFaultException">It is not there.</exception>
    internal async ValueTask<(InstanceReference Instance, InstanceBytes Bytes)> OpenOneAsync(WebRequest request)
    {
        var (instances, _) = await FindShownAsync(request);
        return (instances[0], InstanceBytes.Open(retriever, instances[0]) ?? throw NotFound());
    }

    /// <summary>An instance of a study by its UID, or null when it is not here.</summary>
    internal async ValueTask<InstanceReference?> FindHereAsync(WebRequest request, string study, string instance)
    {
        try
        {
            return (await LocateAsync(request, study, null, instance)).FirstOrDefault(found => found.IsHeldHere);
        }
        catch (WebFaultException)
        {
            return null;
        }
    }

    internal async ValueTask<IReadOnlyList<InstanceReference>> LocateAsync(WebRequest request, string study, string? series, string? instance)
    {
        var ct = request.Context.RequestAborted;
        if (request.Decision.Filter is { } filter && !await filter.ShowsAsync(study, ct))
        {
            throw NotFound();
        }

        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, instance is not null ? "IMAGE" : series is not null ? "SERIES" : "STUDY");
        identifier.Set(Tags.StudyInstanceUID, study);
        if (series is not null)
        {
            identifier.Set(Tags.SeriesInstanceUID, series);
        }

        if (instance is not null)
        {
            identifier.Set(Tags.SOPInstanceUID, instance);
        }

        var found = retriever.Locate(new RetrieveRequest(InformationModel.StudyRoot, identifier, Relational: true), ct);
        return found.Count > 0 ? found : throw NotFound();
    }

    private static WebFaultException NotYet(WebRequest request)
    {
        request.Context.Response.Headers.RetryAfter = RetryAfterSeconds;
        return new WebFaultException(StatusCodes.Status503ServiceUnavailable, "The instances are held by other nodes and have not come yet");
    }

    private static WebFaultException NotFound() => WebFaultException.NotFound("There are no such instances");
}
