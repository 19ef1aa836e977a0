using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Federation.Broker.Retrieving;

/// <summary>Gets one study from its archive, series by series; the series that somebody waits for goes first.</summary>
internal sealed class StudyRetrieval(
    ForeignBroker broker, string studyInstanceUid, IForeignArchives archives, CatalogueDatabase catalogue, FetchPatience patience, TimeProvider time, ILogger logger)
{
    /// <summary>How often a series is asked for before what it lacks is given up.</summary>
    private const int Attempts = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly List<string> _waiting = [];
    private readonly Dictionary<string, TaskCompletionSource> _ends = new(StringComparer.Ordinal);
    private int _workers;

    /// <summary>Ends with what is under way.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>Puts a series first, and begins with it when it is not under way.</summary>
    /// <param name="seriesInstanceUid">The series that is wanted now.</param>
    /// <param name="others">The other series of the study, for afterwards.</param>
    /// <param name="ct">Ends with the node.</param>
    /// <returns>Ends when the series was got, or given up.</returns>
    public Task Want(string seriesInstanceUid, IEnumerable<string> others, CancellationToken ct)
    {
        lock (_gate)
        {
            foreach (var other in others.Where(other => !_ends.ContainsKey(other)))
            {
                _ends[other] = NewEnd();
                _waiting.Add(other);
            }

            if (!_ends.TryGetValue(seriesInstanceUid, out var end) || end.Task.IsCompleted)
            {
                _ends[seriesInstanceUid] = end = NewEnd();
            }
            else if (!_waiting.Remove(seriesInstanceUid))
            {
                return end.Task;
            }

            _waiting.Insert(0, seriesInstanceUid);
            while (_workers < Math.Min(broker.Definition.MaximumRetrievals, _waiting.Count))
            {
                _workers++;
                Running = Task.WhenAll(Running, Task.Run(() => WorkAsync(ct), CancellationToken.None));
            }

            return end.Task;
        }
    }

    private static TaskCompletionSource NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WorkAsync(CancellationToken ct)
    {
        while (true)
        {
            string series;
            TaskCompletionSource end;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _workers--;
                    return;
                }

                series = _waiting[0];
                _waiting.RemoveAt(0);
                end = _ends[series];
            }

            try
            {
                await RetrieveAsync(series, ct);
            }
            catch (Exception fault)
            {
                // Whoever waits for the series is told that it did not come.
                Log.RetrievalFails(logger, broker.Definition.Name, fault.Message);
            }
            finally
            {
                end.TrySetResult();
            }
        }
    }

    private async Task RetrieveAsync(string series, CancellationToken ct)
    {
        var before = Lacking(series, ct);
        var lacking = before;
        for (var attempt = 1; lacking.Count > 0 && attempt <= Attempts; attempt++)
        {
            // What a whole series lacked is asked for by name.
            var identifier = attempt == 1 ? OfSeries(series) : OfInstances(series, lacking);
            try
            {
                await broker.Retrieving.WaitAsync(ct);
                try
                {
                    await RetrieveAsync(identifier, series, lacking, ct);
                }
                finally
                {
                    broker.Retrieving.Release();
                }
            }
            catch (ForeignArchiveException fault)
            {
                Log.RetrievalFails(logger, broker.Definition.Name, fault.Message);
                if (attempt < Attempts)
                {
                    await Task.Delay(Pause * attempt, time, ct);
                }
            }

            lacking = Lacking(series, ct);
        }

        broker.Tally.Retrieved(before.Count - lacking.Count, lacking.Count);
        if (lacking.Count > 0)
        {
            Log.InstancesMissing(logger, broker.Definition.Name, lacking.Count, before.Count);
        }
    }

    /// <summary>One request; broken off when nothing comes for too long, because an archive that hangs never says so.</summary>
    private async Task RetrieveAsync(DataSet identifier, string series, List<InstanceRow> lacking, CancellationToken ct)
    {
        using var give = CancellationTokenSource.CreateLinkedTokenSource(ct);
        string[] classes = [.. lacking.Select(static row => row.SopClassUid).Where(static uid => uid.Length > 0).Distinct()];
        // One that is not named fails in a C-GET, so all are proposed when not all are known.
        var proposed = lacking.TrueForAll(static row => row.SopClassUid.Length > 0) ? classes : [];
        var request = archives.RetrieveAsync(broker.Definition.Address, broker.Definition.Retrieve, identifier, proposed, give.Token);
        var left = lacking.Count;
        while (true)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(request, Task.Delay(patience.Stall, time, enough.Token));
            await enough.CancelAsync();
            if (request.IsCompleted || ct.IsCancellationRequested)
            {
                break;
            }

            var now = Lacking(series, ct).Count;
            if (now == left)
            {
                await give.CancelAsync();
                await ((Task)request).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw new ForeignArchiveException("Nothing comes from the archive any more.", isRefusal: false, null);
            }

            left = now;
        }

        await request;
    }

    /// <summary>Instances of the series that the archive offers and that are not here.</summary>
    private List<InstanceRow> Lacking(string series, CancellationToken ct) =>
    [
        .. catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [studyInstanceUid], SeriesInstanceUids = [series] }, ct)
            .Where(row => row.Copy is null && catalogue.OffersOfInstance(row.SopInstanceUid).Contains(new Offerer(broker.Definition.Source, IsForeign: true))),
    ];

    private DataSet OfSeries(string series)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, "SERIES");
        identifier.Set(Tags.StudyInstanceUID, studyInstanceUid);
        identifier.Set(Tags.SeriesInstanceUID, series);
        return identifier;
    }

    private DataSet OfInstances(string series, List<InstanceRow> instances)
    {
        var identifier = OfSeries(series);
        identifier.Set(Tags.QueryRetrieveLevel, "IMAGE");
        identifier.Set(Tags.SOPInstanceUID, [.. instances.Select(static row => row.SopInstanceUid)]);
        return identifier;
    }
}

/// <summary>How long an archive may be silent in the middle of a retrieval.</summary>
internal sealed record FetchPatience(TimeSpan Stall);
