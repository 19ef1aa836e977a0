using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Fetching;

namespace Panal.Federation.Broker.Retrieving;

/// <summary>Gets on demand what foreign archives behind this node offer: one retrieval a study, whoever asks and however often.</summary>
public sealed class ForeignRetrievals(
    BrokerService brokers, IForeignArchives archives, IForeignWeb web, CatalogueDatabase catalogue, FetchOptions options, TimeProvider time, ILogger<ForeignRetrievals> logger)
    : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(Guid Source, string Study), StudyRetrieval> _retrievals = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Waits until an instance is here that a foreign archive behind this node offers; the rest of its study follows.</summary>
    /// <returns>False when no archive of this node offers it, or none gave it.</returns>
    public async ValueTask<bool> BringAsync(string sopInstanceUid, CancellationToken ct)
    {
        if (IsHere(sopInstanceUid))
        {
            return true;
        }

        foreach (var broker in Sources(sopInstanceUid))
        {
            if (await BringAsync(broker, sopInstanceUid, ct))
            {
                return true;
            }
        }

        return IsHere(sopInstanceUid);
    }

    /// <summary>Gets instances from the archives behind this node that offer them, and nothing else of their studies.</summary>
    /// <returns>Ends when each is here, or none of the archives gave it.</returns>
    internal async Task ShareAsync(IReadOnlyList<string> sopInstanceUids, CancellationToken ct)
    {
        var left = sopInstanceUids.Where(uid => !IsHere(uid)).Select(catalogue.FindInstance).OfType<InstanceRow>()
            .Select(row => (Row: row, Sources: new Queue<ForeignBroker>(Sources(row.SopInstanceUid)))).ToList();
        while (left.RemoveAll(one => one.Sources.Count == 0 || IsHere(one.Row.SopInstanceUid)) >= 0 && left.Count > 0)
        {
            var parts = left.GroupBy(static one => (Broker: one.Sources.Dequeue(), one.Row.StudyInstanceUid, one.Row.SeriesInstanceUid), static one => one.Row.SopInstanceUid);
            await Task.WhenAll(parts.Select(part =>
                Retrieval(part.Key.Broker, part.Key.StudyInstanceUid).Share(part.Key.SeriesInstanceUid, [.. part], _stop.Token))).WaitAsync(ct);
        }
    }

    internal bool IsHere(string sopInstanceUid) => catalogue.FindInstance(sopInstanceUid) is { Copy: not null };

    /// <summary>Ends when nothing is under way.</summary>
    internal Task UnderWay => Task.WhenAll(_retrievals.Values.Select(static retrieval => retrieval.Running));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await UnderWay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async ValueTask<bool> BringAsync(ForeignBroker broker, string sopInstanceUid, CancellationToken ct)
    {
        if (catalogue.FindInstance(sopInstanceUid) is not { } row)
        {
            return false;
        }

        var retrieval = Retrieval(broker, row.StudyInstanceUid);
        var others = catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [row.StudyInstanceUid] }, ct).Select(static one => one.SeriesInstanceUid).Distinct();
        var end = retrieval.Want(row.SeriesInstanceUid, others.Where(series => series != row.SeriesInstanceUid), _stop.Token);
        while (true)
        {
            // Asked for before looking, so that what is committed in between is not missed.
            var commit = catalogue.NextCommitAsync();
            var hasEnded = end.IsCompleted;
            if (IsHere(sopInstanceUid))
            {
                return true;
            }

            if (hasEnded)
            {
                return false;
            }

            await Task.WhenAny(commit, end).WaitAsync(ct);
        }
    }

    /// <summary>The archives behind this node that offer an instance; one that is in trouble is asked last.</summary>
    private IEnumerable<ForeignBroker> Sources(string sopInstanceUid) => catalogue.OffersOfInstance(sopInstanceUid).Where(static offer => offer.IsForeign)
        .Select(offer => brokers.Find(offer.Source)).OfType<ForeignBroker>().OrderBy(static broker => broker.Tally.Trouble is not null);

    private StudyRetrieval Retrieval(ForeignBroker broker, string studyInstanceUid) => _retrievals.GetOrAdd((broker.Definition.Source, studyInstanceUid), Begin, broker);

    private StudyRetrieval Begin((Guid Source, string Study) of, ForeignBroker broker)
    {
        if (_retrievals.Count > RetrievalLimit)
        {
            _retrievals.Clear();
        }

        return new StudyRetrieval(broker, of.Study, archives, web, catalogue, new FetchPatience(options.StallTimeout), time, logger);
    }

    /// <summary>Studies remembered at most: forgetting one costs a question at most, for what is here is not asked for again.</summary>
    private const int RetrievalLimit = 1024;
}
