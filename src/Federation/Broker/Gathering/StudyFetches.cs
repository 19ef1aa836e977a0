using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Broker.Retrieving;
using Panal.Federation.Fetching;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;

namespace Panal.Federation.Broker.Gathering;

/// <summary>The one way by which studies come here, whoever wants them: by a transfer from those who hold them, and gathered from archives that offer the rest.</summary>
public sealed class StudyFetches(GatheringPorts ports) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StudyGathering> _gatherings = new(StringComparer.Ordinal);
    private bool _isStopped;

    /// <summary>All that are under way, in no order. Transfers that are part of a gathering are not told of by themselves.</summary>
    public IReadOnlyList<IStudyFetch> UnderWay
    {
        get
        {
            var gatherings = Gatherings();
            var gathered = gatherings.Select(static one => one.Study).ToHashSet(StringComparer.Ordinal);
            return [.. gatherings, .. ports.Transfers.Transfers.Where(one => !gathered.Contains(one.Plan.Scope.Name)).Select(static one => new TransferFetch(one))];
        }
    }

    /// <summary>Goes on with the studies that were being gathered when the node stopped or died; for when the first link stands.</summary>
    public void Resume(CancellationToken ct)
    {
        foreach (var study in ports.Folder.LoadGatherings())
        {
            Gather(study.StudyInstanceUid, study.Priority, ct);
        }

        Remember();
    }

    /// <summary>Begins to bring what is not here of a study, or finds what does.</summary>
    /// <returns>How it comes; null when everything is here, nobody holds or offers what is not, or there is no room.</returns>
    public async ValueTask<IStudyFetch?> FetchAsync(string studyInstanceUid, TransferPriority priority, CancellationToken ct)
    {
        if (Gather(studyInstanceUid, priority, ct) is { } gathering)
        {
            return gathering;
        }

        return await ports.Remote.FetchStudyAsync(studyInstanceUid, priority, ct) is { } transfer ? new TransferFetch(transfer) : null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isStopped = true;
        }

        foreach (var gathering in Gatherings())
        {
            await gathering.DisposeAsync();
        }
    }

    /// <summary>Who can get what neither is here nor held by anybody of a study: foreign archives behind this node, and nodes that have one behind them.</summary>
    public IReadOnlyList<Offerer> OfferersOf(string studyInstanceUid, CancellationToken ct) =>
    [
        .. ports.Catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [studyInstanceUid] }, ct).Where(static row => row.Copy is null)
            .SelectMany(row => ports.Catalogue.OffersOfInstance(row.SopInstanceUid)).Distinct(),
    ];

    /// <summary>What is fetched together with an instance; null when its study is not gathered.</summary>
    internal IReadOnlySet<string>? RoundOf(InstanceReference instance)
    {
        lock (_gate)
        {
            return _gatherings.GetValueOrDefault(instance.StudyInstanceUid)?.RoundOf(instance.SopInstanceUid);
        }
    }

    /// <summary>Begins to gather what nobody holds of a study and archives offer, or finds who does so already; null when there is nothing like that.</summary>
    internal StudyGathering? Gather(string studyInstanceUid, TransferPriority priority, CancellationToken ct)
    {
        lock (_gate)
        {
            if (_gatherings.TryGetValue(studyInstanceUid, out var known))
            {
                if (priority > known.Priority)
                {
                    known.SetPriority(priority);
                }

                return known;
            }

            if (_isStopped || !IsOffered(studyInstanceUid, ct))
            {
                return null;
            }

            var gathering = new StudyGathering(studyInstanceUid, priority, ports);
            _gatherings.Add(studyInstanceUid, gathering);
            gathering.Start(() => Forget(gathering));
            Remember();
            return gathering;
        }
    }

    /// <summary>Keeps on disk what is to go on after a restart; a node that stops leaves it as it is.</summary>
    private void Remember()
    {
        try
        {
            lock (_gate)
            {
                if (!_isStopped)
                {
                    ports.Folder.SaveGatherings(_gatherings.Values.Select(static one => new GatheredStudy(one.Study, one.Priority)));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It comes all the same, but not after a restart.
            Log.NotFetched(ports.Logger, e.Message);
        }
    }

    private List<StudyGathering> Gatherings()
    {
        lock (_gate)
        {
            return [.. _gatherings.Values];
        }
    }

    private void Forget(StudyGathering gathering)
    {
        lock (_gate)
        {
            _gatherings.Remove(gathering.Study);
        }

        Remember();
    }

    /// <summary>Whether an archive offers something that neither is here nor held by anybody who can be reached.</summary>
    private bool IsOffered(string studyInstanceUid, CancellationToken ct)
    {
        var linked = ports.Links.Linked.Select(static node => node.Value).ToHashSet();
        return ports.Catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [studyInstanceUid] }, ct).Any(row =>
            row.Copy is null && ports.Catalogue.OffersOfInstance(row.SopInstanceUid).Count > 0
            && !ports.Catalogue.HoldersOfInstance(row.SopInstanceUid).Any(holder => linked.Contains(holder.Node)));
    }
}

/// <summary>What gathering a study needs.</summary>
public sealed record GatheringPorts(
    RemoteCopies Remote,
    TransferService Transfers,
    ForeignRetrievals Retrievals,
    BringExchange Exchange,
    ILinks Links,
    CatalogueDatabase Catalogue,
    BrokerFolder Folder,
    TimeProvider Time,
    ILogger<StudyFetches> Logger);
