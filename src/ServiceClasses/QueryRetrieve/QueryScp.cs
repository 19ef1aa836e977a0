using System.Buffers;
using Microsoft.Extensions.Logging;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Audit;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.QueryRetrieve;

/// <summary>Answers C-FIND. PS3.4 §C.4.1.</summary>
public sealed class QueryScp(Searcher searcher, AuditTrail audit, ServiceClassOptions options, ILogger<QueryScp> logger) : IDimseService
{
    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        var identifier = await request.ReadIdentifierAsync(ct);
        var sopClassUid = request.Context.AbstractSyntax;
        var association = request.Association;
        var search = new SearchRequest(
            QueryRetrieveTable.ModelOf(sopClassUid), identifier, QueryOption.Relational.IsAgreed(association, sopClassUid), options.StrictQueries)
        {
            CombinesDateAndTime = QueryOption.DateTimeMatching.IsAgreed(association, sopClassUid),
            MatchesEmptyValues = QueryOption.EmptyValueMatching.IsAgreed(association, sopClassUid),
            MatchesAllValues = QueryOption.MultipleValueMatching.IsAgreed(association, sopClassUid),
        };
        var outcome = AuditOutcome.Success;
        try
        {
            await AnswerAsync(request, search, ct);
        }
        catch (SearchRefusedException refused)
        {
            outcome = AuditOutcome.MinorFailure;
            Log.QueryRefused(logger, request.Association.CallingAeTitle, refused.Reason);
            await request.RespondWithErrorAsync(StatusOf(refused.Reason), refused.Message, CancellationToken.None);
        }
        finally
        {
            await audit.RecordAsync(
                AuditEvents.Query(
                    association.Requestor(), association.Acceptor(), sopClassUid, request.Context.TransferSyntax.Uid,
                    Encode(identifier, request.Context.TransferSyntax), outcome),
                CancellationToken.None);
        }
    }

    internal static ServiceStatus StatusOf(SearchRefusal reason) => reason switch
    {
        SearchRefusal.IdentifierDoesNotMatchSopClass => QueryRetrieveTable.FindIdentifierDoesNotMatch,
        SearchRefusal.UnableToProcess => QueryRetrieveTable.FindUnableToProcess,
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    private async ValueTask AnswerAsync(DimseRequest request, SearchRequest search, CancellationToken ct)
    {
        var matches = 0;
        try
        {
            var answer = searcher.Find(search, ct);
            var pending = answer.UnsupportedKeys.Count == 0 ? QueryRetrieveTable.FindPending : QueryRetrieveTable.FindPendingKeysUnsupported;
            foreach (var match in answer)
            {
                ct.ThrowIfCancellationRequested();
                await request.RespondWithMatchAsync(pending.Code, match, ct);
                matches++;
            }
        }
        catch (OperationCanceledException) when (request.IsCancelRequested)
        {
            await request.RespondAsync(QueryRetrieveTable.FindCancelled.Code, CancellationToken.None);
            return;
        }

        await request.RespondAsync(QueryRetrieveTable.FindSuccess.Code, CancellationToken.None);
        Log.QueryAnswered(logger, request.Association.CallingAeTitle, matches);
    }

    private static ReadOnlyMemory<byte> Encode(DataSet identifier, TransferSyntax syntax)
    {
        var buffer = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(identifier, syntax, buffer);
        return buffer.WrittenMemory;
    }
}
