using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Dicom.Json;
using Panal.DicomWeb.Access;
using Panal.DicomWeb.Answers;
using Panal.Security.Audit;

namespace Panal.DicomWeb.Search;

/// <summary>Answers searches: QIDO-RS (PS3.18 §10.6).</summary>
public sealed class SearchResource(Searcher searcher, AuditTrail audit, DicomWebOptions options)
{
    /// <summary>Answers one search.</summary>
    internal async Task AnswerAsync(WebRequest request, SearchLevel level)
    {
        var context = request.Context;
        var contentType = Accepted.ChooseText(Accepted.Of(context.Request))
            ?? throw WebFaultException.NotAcceptable("Searches are answered as application/dicom+json, application/json or multipart/related; type=\"application/dicom+xml\"");
        var parameters = SearchParameters.Read(level, context.Request.Query, request.StudyInstanceUid, request.SeriesInstanceUid);
        var outcome = AuditOutcome.Success;
        try
        {
            await AnswerAsync(request, parameters, contentType);
        }
        catch (SearchRefusedException refused)
        {
            outcome = AuditOutcome.MinorFailure;
            throw WebFaultException.BadRequest(refused.Message);
        }
        finally
        {
            await audit.RecordAsync(QueryMessage(request.Decision.Caller, parameters.Identifier, outcome), CancellationToken.None);
        }
    }

    private async Task AnswerAsync(WebRequest request, SearchParameters parameters, string contentType)
    {
        var ct = request.Context.RequestAborted;
        var filter = request.Decision.Filter;
        var answer = searcher.Find(parameters.ToRequest(isPaged: filter is null), ct);
        foreach (var warning in parameters.Warnings.Concat(
            answer.UnsupportedKeys.Where(parameters.Matched.Contains).Select(tag => $"The key {tag} is not supported. It has not been matched.")))
        {
            request.Context.Response.Headers.Append("Warning", $"299 {options.AETitle} \"{warning}\"");
        }

        await using var matches = Shown(answer, parameters, filter, ct).GetAsyncEnumerator(ct);
        request.Context.Response.Headers.CacheControl = "no-store";
        if (!await matches.MoveNextAsync() && contentType != Accepted.Json)
        {
            // Clients that ask for plain JSON know nothing of DICOM's 204 and parse what comes (PS3.18 §10.6.3.2).
            request.Context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        if (contentType == Accepted.DicomXml)
        {
            await WriteXmlAsync(request, matches, ct);
        }
        else
        {
            await WriteJsonAsync(request, matches, contentType, ct);
        }
    }

    /// <summary>The matches that the caller may see, with offset and limit counted among these.</summary>
    private static async IAsyncEnumerable<DataSet> Shown(
        SearchAnswer answer,
        SearchParameters parameters,
        IStudyFilter? filter,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var shown = new Dictionary<string, bool>(StringComparer.Ordinal);
        var (skip, left) = filter is null ? (0, int.MaxValue) : (parameters.Offset, parameters.Limit ?? int.MaxValue);
        foreach (var match in answer)
        {
            if (left == 0)
            {
                yield break;
            }

            if (filter is not null)
            {
                var study = match.GetString(Tags.StudyInstanceUID) ?? "";
                if (!shown.TryGetValue(study, out var isShown))
                {
                    shown[study] = isShown = await filter.ShowsAsync(study, ct);
                }

                if (!isShown || skip-- > 0)
                {
                    continue;
                }
            }

            left--;
            yield return match;
        }
    }

    private static async Task WriteJsonAsync(WebRequest request, IAsyncEnumerator<DataSet> matches, string contentType, CancellationToken ct)
    {
        await using var body = TextAnswer.Begin(request.Context, contentType);
        // Most answers are short; a buffer of the whole step for each would be made, cleared and collected for nothing.
        var buffer = new ArrayBufferWriter<byte>(4096);
        await using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();
        while (matches.Current is { } match)
        {
            DicomJson.Write(Finish(request, match), json);
            if (json.BytesPending + buffer.WrittenCount >= TextAnswer.StepBytes)
            {
                await json.FlushAsync(ct);
                await body.WriteAsync(buffer.WrittenMemory, ct);
                buffer.ResetWrittenCount();
            }

            if (!await matches.MoveNextAsync())
            {
                break;
            }
        }

        json.WriteEndArray();
        await json.FlushAsync(ct);
        await body.WriteAsync(buffer.WrittenMemory, ct);
        await body.EndAsync(ct);
    }

    private static async Task WriteXmlAsync(WebRequest request, IAsyncEnumerator<DataSet> matches, CancellationToken ct)
    {
        await using var parts = XmlParts.Begin(request.Context);
        do
        {
            await parts.WriteAsync(Finish(request, matches.Current), bulkData: null, ct);
        }
        while (await matches.MoveNextAsync());
        await parts.EndAsync(ct);
    }

    /// <summary>Gives a match its Retrieve URL and takes away what is not known.</summary>
    private static DataSet Finish(WebRequest request, DataSet match)
    {
        match.Remove(Tags.QueryRetrieveLevel);
        for (var index = match.Count - 1; index >= 0; index--)
        {
            var element = match.Elements[index];
            if (element.Value.IsEmpty && element.Items.Count == 0 && !SearchAttributes.MayBeEmpty(element.Tag))
            {
                match.Remove(element.Tag);
            }
        }

        match.Set(Tags.RetrieveURL, request.UrlOf(
            match.GetString(Tags.StudyInstanceUID), match.GetString(Tags.SeriesInstanceUID), match.GetString(Tags.SOPInstanceUID)));
        return match;
    }

    private AuditMessage QueryMessage(AuditParty caller, DataSet identifier, AuditOutcome outcome)
    {
        var buffer = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(identifier, TransferSyntax.ExplicitVrLittleEndian, buffer);
        return AuditEvents.Query(
            caller, new AuditParty(options.AETitle, null), Uids.StudyRootQueryRetrieveInformationModelFind, Uids.ExplicitVRLittleEndian,
            buffer.WrittenMemory, outcome);
    }
}
