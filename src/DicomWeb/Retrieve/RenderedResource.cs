using System.Text;
using Microsoft.AspNetCore.Http;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb.Answers;
using Panal.Imaging;
using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Output;
using Panal.Imaging.Rendering.Presentation;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Answers pictures: rendered resources and thumbnails (PS3.18 §10.4.1.1.3, §10.4.1.1.4, §8.7.4).</summary>
public sealed class RenderedResource(Holding holding, Retriever retriever, AccessAudit audit, ThumbnailCache thumbnails) : IDisposable
{
    /// <summary>Changes whenever pictures of the same bytes change, so that no client keeps an old one.</summary>
    private const string RendererVersion = "2 ";

    /// <summary>Instances of a series that are tried for a thumbnail before it has none.</summary>
    private const int ThumbnailTries = 8;

    // Each takes a frame's memory several times over and a whole processor.
    private readonly SemaphoreSlim _turns = new(Environment.ProcessorCount);

    /// <summary>What is to be pictured.</summary>
    private sealed record Source(InstanceReference Instance, PresentationState? State, InstanceReference? StateInstance)
    {
        public IEnumerable<string> ContentHashes => StateInstance is null ? [Instance.ContentHash] : [Instance.ContentHash, StateInstance.ContentHash];
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    /// <summary>Answers pictures of a study, a series, an instance or some of its frames.</summary>
    internal async Task AnswerAsync(WebRequest request)
    {
        var numbers = request.Route("frames") is { } text ? FrameResource.NumbersOf(text) : null;
        var isOne = request.SopInstanceUid is not null && numbers is null or [_];
        var query = RenderedQuery.Of(request.Context.Request, isOne);
        var (instances, isComplete) = await holding.FindShownAsync(request);
        if (!query.IsMultipart)
        {
            var source = await SourceOfAsync(request, instances[0]);
            await AnswerOneAsync(request, source, numbers?[0], query);
            return;
        }

        await audit.AccessedAsync(request.Decision.Caller, instances);
        var form = $"{RendererVersion}{query.Form} {string.Join(',', numbers ?? [])}";
        if (!instances.Any(instance => PresentationState.IsOne(instance.SopClassUid))
            && EntityTag.IsKnown(request.Context, instances.Select(instance => instance.ContentHash), form))
        {
            return;
        }

        request.Context.Response.StatusCode = isComplete ? StatusCodes.Status200OK : StatusCodes.Status206PartialContent;
        await SendPartsAsync(request, instances, numbers, query);
    }

    /// <summary>Answers one picture of one instance (WADO-URI).</summary>
    internal async Task AnswerPictureAsync(WebRequest request, InstanceReference instance, int? number, InstanceReference? state, RenderedQuery query)
    {
        var source = state is null
            ? await SourceOfAsync(request, instance)
            : new Source(instance, await ReadStateAsync(state, request.Context.RequestAborted), state);
        await AnswerOneAsync(request, source, number, query);
    }

    /// <summary>Answers a small picture of the resource: of its middle image where there are many.</summary>
    internal async Task AnswerThumbnailAsync(WebRequest request)
    {
        var query = RenderedQuery.OfThumbnail(request.Context.Request);
        var number = request.Route("frames") is { } text
            ? FrameResource.NumbersOf(text) is [var one] ? one : throw WebFaultException.BadRequest("A thumbnail shows one frame")
            : (int?)null;
        var instances = await holding.FindAnyAsync(request);
        await audit.AccessedAsync(request.Decision.Caller, instances);
        ImageException? fault = null;
        foreach (var instance in FromTheMiddle(instances).Take(ThumbnailTries))
        {
            try
            {
                await SendThumbnailAsync(request, await SourceOfAsync(request, instance), number, query);
                return;
            }
            catch (ImageException e)
            {
                // A study may begin with a report; something in it will have a picture.
                fault = e;
            }
        }

        throw fault!;
    }

    private async Task SendThumbnailAsync(WebRequest request, Source source, int? number, RenderedQuery query)
    {
        var key = $"{string.Join(' ', source.ContentHashes)} {number} {query.Form}";
        if (!thumbnails.TryGet(key, out var picture))
        {
            picture = await RenderAsync(source, number, query, request.Context.RequestAborted);
            thumbnails.Add(key, picture);
        }

        if (!EntityTag.IsKnown(request.Context, source.ContentHashes, $"{RendererVersion}thumbnail {number} {query.Form}"))
        {
            await SendOneAsync(request, picture, query);
        }
    }

    private static IEnumerable<InstanceReference> FromTheMiddle(IReadOnlyList<InstanceReference> instances)
    {
        var middle = instances.Count / 2;
        return instances.Skip(middle).Concat(instances.Take(middle)).OrderBy(instance => PresentationState.IsOne(instance.SopClassUid));
    }

    private async Task AnswerOneAsync(WebRequest request, Source source, int? number, RenderedQuery query)
    {
        await audit.AccessedAsync(request.Decision.Caller, [source.Instance]);
        if (!EntityTag.IsKnown(request.Context, source.ContentHashes, $"{RendererVersion}{query.Form} {number}"))
        {
            await SendOneAsync(request, await RenderAsync(source, number, query, request.Context.RequestAborted), query);
        }
    }

    private static async Task SendOneAsync(WebRequest request, ReadOnlyMemory<byte> picture, RenderedQuery query)
    {
        var response = request.Context.Response;
        response.ContentType = query.ContentType;
        response.ContentLength = picture.Length;
        if (!HttpMethods.IsHead(request.Context.Request.Method))
        {
            await response.Body.WriteAsync(picture, request.Context.RequestAborted);
        }
    }

    /// <summary>Each frame in a part, as it is made. What has no picture is left out, unless it is all there is.</summary>
    private async Task SendPartsAsync(WebRequest request, IReadOnlyList<InstanceReference> instances, IReadOnlyList<int>? numbers, RenderedQuery query)
    {
        var (response, ct) = (request.Context.Response, request.Context.RequestAborted);
        var boundary = MultipartBody.NewBoundary();
        ImageException? fault = null;
        foreach (var instance in instances)
        {
            try
            {
                var source = await SourceOfAsync(request, instance);
                using var opened = await OpenedImage.OpenAsync(retriever, source.Instance, ct);
                var url = request.UrlOf(source.Instance.StudyInstanceUid, source.Instance.SeriesInstanceUid, source.Instance.SopInstanceUid);
                if (numbers?.Any(number => number > (opened.Image.Pixels?.Frames ?? 0)) == true)
                {
                    throw WebFaultException.NotFound("There is no such frame");
                }

                foreach (var number in numbers ?? [.. Enumerable.Range(1, opened.Image.Pixels?.Frames ?? 1)])
                {
                    var picture = await RenderAsync(opened, source, number, query, ct);
                    response.ContentType ??= $"multipart/related; type=\"{query.ContentType}\"; boundary={boundary}";
                    await response.Body.WriteAsync(Encoding.ASCII.GetBytes(MultipartBody.HeadOf(boundary, query.ContentType, $"{url}/frames/{number}/rendered", picture.Length)), ct);
                    await response.Body.WriteAsync(picture, ct);
                }
            }
            catch (ImageException e)
            {
                fault = e;
            }
        }

        if (response.ContentType is null)
        {
            throw fault!;
        }

        await response.Body.WriteAsync(Encoding.ASCII.GetBytes(MultipartBody.EndOf(boundary)), ct);
    }

    /// <summary>An image as it is; a presentation state with the first image that it is made for.</summary>
    private async ValueTask<Source> SourceOfAsync(WebRequest request, InstanceReference instance)
    {
        if (!PresentationState.IsOne(instance.SopClassUid))
        {
            return new Source(instance, null, null);
        }

        var state = await ReadStateAsync(instance, request.Context.RequestAborted);
        foreach (var image in state.Images.Where(image => Uid.IsWellFormed(image.SopInstanceUid)))
        {
            var found = await holding.FindHereAsync(request, instance.StudyInstanceUid, image.SopInstanceUid);
            if (found is not null)
            {
                return new Source(found, state, instance);
            }
        }

        throw WebFaultException.NotFound("The images of the presentation state are not here");
    }

    private async ValueTask<PresentationState> ReadStateAsync(InstanceReference instance, CancellationToken ct)
    {
        using var opened = await OpenedImage.OpenAsync(retriever, instance, ct);
        return PresentationState.Read(opened.Image.Attributes);
    }

    private async ValueTask<byte[]> RenderAsync(Source source, int? number, RenderedQuery query, CancellationToken ct)
    {
        using var opened = await OpenedImage.OpenAsync(retriever, source.Instance, ct);
        return await RenderAsync(opened, source, number, query, ct);
    }

    private async ValueTask<byte[]> RenderAsync(OpenedImage opened, Source source, int? number, RenderedQuery query, CancellationToken ct)
    {
        var pixels = opened.Image.Pixels ?? throw new ImageException(ImageFault.Unsupported, "There is no pixel data.");
        var frame = (number ?? FirstFrame(opened, source)) - 1;
        if (frame < 0 || frame >= pixels.Frames)
        {
            throw WebFaultException.NotFound("There is no such frame");
        }

        var options = new RenderOptions { Window = query.Window, Viewport = query.ViewportFor(pixels.Columns, pixels.Rows), State = source.State, IsPreview = source.Instance.Preview is not null };
        await _turns.WaitAsync(ct);
        try
        {
            return PictureFile.Encode(FrameRenderer.Render(opened.Image, frame, options, RenderOptions.Limits), query.Format, query.Quality);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>The frame that stands for all: the one that the state or the image names, else the first.</summary>
    private static int FirstFrame(OpenedImage opened, Source source)
    {
        if (source.State?.Images.FirstOrDefault(image => image.SopInstanceUid == source.Instance.SopInstanceUid)?.Frames is [var first, ..])
        {
            return first;
        }

        var representative = opened.Image.Attributes.GetInt32(Tags.RepresentativeFrameNumber) ?? 1;
        return representative >= 1 && representative <= opened.Image.Pixels!.Frames ? representative : 1;
    }
}
