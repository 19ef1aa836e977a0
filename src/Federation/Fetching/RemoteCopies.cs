using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;
using Panal.Volumes;

namespace Panal.Federation.Fetching;

/// <summary>Brings studies from other nodes: one transfer a study, whoever asks and however often.</summary>
public sealed class RemoteCopies(
    CatalogueDatabase catalogue, TransferService transfers, FormsDesk forms, FetchOptions options, TimeProvider time, ILogger<RemoteCopies> logger)
    : IRemoteCopies, IDisposable
{
    private readonly SemaphoreSlim _beginning = new(1);

    /// <inheritdoc/>
    public ValueTask<bool> BringAsync(InstanceReference wanted, CancellationToken ct) => BringAsync(wanted, null, ct);

    /// <summary>Brings an instance, with some others of its study and no more.</summary>
    /// <param name="wanted">Which.</param>
    /// <param name="among">SOP Instance UIDs of what may come with it; null for all that its study lacks.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>Whether it is here.</returns>
    public async ValueTask<bool> BringAsync(InstanceReference wanted, IReadOnlySet<string>? among, CancellationToken ct)
    {
        var transfer = await FetchStudyAsync(wanted.StudyInstanceUid, TransferPriority.Interactive, wanted.SopInstanceUid, among, ct);
        if (ObjectOf(wanted.SopInstanceUid) is not { } hash)
        {
            return false;
        }

        if (transfer is not null && await BroughtAsync(transfer, wanted.StudyInstanceUid, hash, ct) is { Count: > 0 } brought)
        {
            transfer.Want([.. brought]);
            return await WaitAsync(transfer, token => transfer.WaitForAsync(brought[^1], token), ct) && IsHere(wanted.SopInstanceUid);
        }

        return IsHere(wanted.SopInstanceUid);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> BringStagesAsync(InstanceReference wanted, CancellationToken ct)
    {
        var transfer = await FetchStudyAsync(wanted.StudyInstanceUid, TransferPriority.Interactive, wanted.SopInstanceUid, null, ct);
        if (transfer is null || ObjectOf(wanted.SopInstanceUid) is not { } hash
            || await BroughtAsync(transfer, wanted.StudyInstanceUid, hash, ct) is not [var first, _, ..] brought)
        {
            return [];
        }

        if (!await WaitAsync(transfer, token => transfer.WaitForPartAsync(first, token), ct) || IsHere(wanted.SopInstanceUid))
        {
            return [];
        }

        var stages = new List<ReadOnlyMemory<byte>>();
        foreach (var stage in brought)
        {
            if (transfer.ReadPart(stage) is not { } bytes)
            {
                break;
            }

            stages.Add(bytes);
        }

        return stages;
    }

    /// <summary>Begins to bring what is not here of a study, or finds the transfer that does.</summary>
    /// <returns>The transfer; null when everything is here, nobody holds what is not, or there is no room.</returns>
    public ValueTask<Transfer?> FetchStudyAsync(string studyInstanceUid, TransferPriority priority, CancellationToken ct) =>
        FetchStudyAsync(studyInstanceUid, priority, null, null, ct);

    /// <summary>Begins to bring these instances of a study, as far as they are not here and no transfer brings them.</summary>
    /// <returns>The transfer; null as above.</returns>
    public ValueTask<Transfer?> FetchStudyAsync(string studyInstanceUid, TransferPriority priority, IReadOnlySet<string> among, CancellationToken ct) =>
        FetchStudyAsync(studyInstanceUid, priority, null, among, ct);

    /// <summary>
    /// Brings a content that other nodes hold beside another one of its instance that may be here. Whether the archive keeps it is for the catalogue to say
    /// (<see cref="CatalogueDatabase.WantContentAsync"/>).
    /// </summary>
    /// <param name="studyInstanceUid">Study of the instance.</param>
    /// <param name="holder">A node that holds it, and which content that is.</param>
    /// <param name="ct">Ends the wait; what was begun goes on.</param>
    /// <returns>Whether it came.</returns>
    public async ValueTask<bool> BringContentAsync(string studyInstanceUid, InstanceHolder holder, CancellationToken ct)
    {
        var content = new ContentHash(holder.Hash.Span);
        return await BeginContentAsync(new TransferScope(studyInstanceUid), new TransferObject(content, holder.LengthBytes, true), ct) is { } transfer
            && await WaitAsync(transfer, token => transfer.WaitForAsync(content, token), ct);
    }

    /// <inheritdoc/>
    public void Dispose() => _beginning.Dispose();

    /// <summary>As which objects a transfer brings a content: itself, a form in fewer bytes, or the stages of one; none when it does not.</summary>
    private async ValueTask<IReadOnlyList<ContentHash>> BroughtAsync(Transfer transfer, string study, ContentHash content, CancellationToken ct)
    {
        if (transfer.Brings(content))
        {
            return [content];
        }

        return (await forms.AskAsync(study, ct)).TryGetValue(content, out var form) && transfer.Brings(form.Brought[0]) ? form.Brought : [];
    }

    private async ValueTask<Transfer?> FetchStudyAsync(string studyInstanceUid, TransferPriority priority, string? wanted, IReadOnlySet<string>? among, CancellationToken ct)
    {
        var compact = await forms.AskAsync(studyInstanceUid, ct);
        await _beginning.WaitAsync(ct);
        try
        {
            var scope = new TransferScope(studyInstanceUid);
            var underWay = transfers.Find(scope);
            if (wanted is not null && ObjectOf(wanted) is { } hash && underWay.FirstOrDefault(transfer => Brings(transfer, hash, compact)) is { } known)
            {
                Raise(known, priority);
                return known;
            }

            var objects = Lacking(studyInstanceUid, among, ct).Where(lacking => !underWay.Any(transfer => Brings(transfer, lacking.Hash, compact)))
                .ToList();
            if (objects.Count == 0)
            {
                return underWay is [var one, ..] ? one : null;
            }

            Log.FetchBegins(logger, objects.Count);
            return transfers.Begin(new TransferPlan(scope, [.. InStages(objects, compact).DistinctBy(static brought => brought.Hash)], priority));
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            Log.NotFetched(logger, e.Message);
            return null;
        }
        finally
        {
            _beginning.Release();
        }
    }

    private async ValueTask<Transfer?> BeginContentAsync(TransferScope scope, TransferObject content, CancellationToken ct)
    {
        await _beginning.WaitAsync(ct);
        try
        {
            return transfers.Find(scope).FirstOrDefault(transfer => transfer.Brings(content.Hash))
                ?? transfers.Begin(new TransferPlan(scope, [content], TransferPriority.Interactive));
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            Log.NotFetched(logger, e.Message);
            return null;
        }
        finally
        {
            _beginning.Release();
        }
    }

    private static bool Brings(Transfer transfer, ContentHash content, IReadOnlyDictionary<ContentHash, CompactOffer> compact) =>
        transfer.Brings(content) || (compact.TryGetValue(content, out var form) && transfer.Brings(form.Brought[0]));

    /// <summary>The objects of a transfer: the first stage of everything that has stages, then the next ones; what has none comes with the last ones.</summary>
    internal static IEnumerable<TransferObject> InStages(IReadOnlyList<TransferObject> lacking, IReadOnlyDictionary<ContentHash, CompactOffer> compact)
    {
        for (byte left = TransferPart.CountLimit; left > 0; left--)
        {
            for (var i = 0; i < lacking.Count; i++)
            {
                var form = compact.GetValueOrDefault(lacking[i].Hash);
                var count = form?.Stages.Count ?? 0;
                if (count < 2 && left == 1)
                {
                    yield return form is null ? lacking[i] : lacking[i] with { Hash = form.Hash, LengthBytes = form.LengthBytes };
                }
                else if (count >= left)
                {
                    var number = count - left;
                    yield return new TransferObject(form!.Stages[number].Hash, form.Stages[number].LengthBytes, lacking[i].IsFirstOfSeries && number == 0)
                    {
                        Part = new TransferPart(i, (byte)number, (byte)count),
                    };
                }
            }
        }
    }

    private static void Raise(Transfer transfer, TransferPriority priority)
    {
        if (priority > transfer.Priority)
        {
            transfer.SetPriority(priority);
        }
    }

    // Waits as long as anything comes: a study on a slow line takes hours, and a holder that is away may come back.
    private async Task<bool> WaitAsync(Transfer transfer, Func<CancellationToken, Task<bool>> wait, CancellationToken ct)
    {
        using var give = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var waiting = wait(give.Token);
        try
        {
            for (var before = -1L; transfer.Progress.VerifiedBytes is var verified && verified != before; before = verified)
            {
                try
                {
                    return await waiting.WaitAsync(options.StallTimeout, time, ct);
                }
                catch (TimeoutException)
                {
                    // Whether something came meanwhile is looked at above.
                }
            }

            Log.NothingComes(logger, transfer.Id);
            return false;
        }
        finally
        {
            await give.CancelAsync();
            await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool IsHere(string sopInstanceUid) => catalogue.FindInstance(sopInstanceUid) is { Copy: not null };

    private List<TransferObject> Lacking(string studyInstanceUid, IReadOnlySet<string>? among, CancellationToken ct)
    {
        var objects = new List<TransferObject>();
        var (seen, series) = (new HashSet<ContentHash>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var row in catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [studyInstanceUid] }, ct))
        {
            var isFirst = series.Add(row.SeriesInstanceUid);
            if (row.Copy is null && among?.Contains(row.SopInstanceUid) != false && Best(row.SopInstanceUid) is { } holder && seen.Add(new ContentHash(holder.Hash.Span)))
            {
                objects.Add(new TransferObject(new ContentHash(holder.Hash.Span), holder.LengthBytes, isFirst));
            }
        }

        return objects;
    }

    private ContentHash? ObjectOf(string sopInstanceUid) => Best(sopInstanceUid) is { } holder ? new ContentHash(holder.Hash.Span) : null;

    /// <summary>The content that the catalogue describes, else any.</summary>
    private InstanceHolder? Best(string sopInstanceUid) => catalogue.HoldersOfInstance(sopInstanceUid)
        .Where(static holder => holder is { Hash.Length: ContentHash.LengthBytes, LengthBytes: > 0 })
        .OrderByDescending(static holder => holder.IsShown)
        .FirstOrDefault();
}
