using System.Globalization;
using Microsoft.Extensions.Logging;
using Panal.Archive.Jobs;
using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Federation.Broker.Forwarding;

/// <summary>
/// Sends what was stored into this node on to the archives that want it: every new instance becomes part of a durable job, which is done
/// when the archive has taken it, and has committed to it where it can.
/// </summary>
public sealed class Forwarder(
    BrokerService brokers, IForeignArchives archives, Retriever retriever, CatalogueDatabase catalogue, TimeProvider time, ILoggerFactory loggers)
    : IJobHandler, IDisposable
{
    /// <summary>Changes that one look takes.</summary>
    private const int ChangeLimit = 1000;

    /// <summary>An archive that does not answer with a commitment is not asked more often than this.</summary>
    private const int CommitmentAttempts = 3;

    /// <summary>What follows closely goes over the same association.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan CommitmentPatience = TimeSpan.FromSeconds(60);

    private readonly ILogger _logger = loggers.CreateLogger<Forwarder>();
    private readonly JobRunner _jobs = new(catalogue, time, loggers.CreateLogger<JobRunner>());

    /// <inheritdoc/>
    public string Kind => ForwardJob.Kind;

    /// <summary>Queues a study of this node for an archive, what is held of it.</summary>
    /// <returns>Instances that are queued.</returns>
    /// <exception cref="BrokerException">There is no such broker, or nothing of the study is here.</exception>
    public async Task<int> ForwardStudyAsync(string broker, string studyInstanceUid, CancellationToken ct)
    {
        var name = brokers.Named(broker).Definition.Name;
        string[] held =
        [
            .. catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [studyInstanceUid] }, ct).Where(static row => row.Copy is not null).Select(static row => row.SopInstanceUid),
        ];
        if (held.Length == 0)
        {
            throw new BrokerException("Nothing of this study is held here.");
        }

        await SubmitAsync(name, studyInstanceUid + "/asked", held, ct);
        return held.Length;
    }

    /// <summary>Follows what is stored, and sends, until cancelled.</summary>
    public Task RunAsync(CancellationToken ct) => Task.WhenAll(_jobs.RunAsync(this, ct), FollowAsync(ct));

    /// <inheritdoc/>
    public async ValueTask<JobStep> RunAsync(ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        var job = ForwardJob.Read(payload);
        ForeignBroker broker;
        try
        {
            broker = brokers.Named(job.Broker);
        }
        catch (BrokerException)
        {
            return JobStep.Done;
        }

        return job.Sent.Count > 0 ? await CommitAsync(broker, job, ct) : await SendAsync(broker, job, ct);
    }

    /// <inheritdoc/>
    public void Dispose() => _jobs.Dispose();

    private async Task<JobStep> SendAsync(ForeignBroker broker, ForwardJob job, CancellationToken ct)
    {
        // What was deleted since needs not be sent any more.
        var instances = Locate(job.Instances, ct);
        if (instances.Count == 0)
        {
            return JobStep.Done;
        }

        var sent = await SendAsync(broker, instances, ct);
        return sent.Length == 0 ? JobStep.Retry : JobStep.Continue((job with { Instances = [.. instances.Select(static one => one.SopInstanceUid)], Sent = sent }).ToBytes());
    }

    private async Task<string[]> SendAsync(ForeignBroker broker, IReadOnlyList<InstanceReference> instances, CancellationToken ct)
    {
        var outcomes = await archives.SendAsync(broker.Definition.Address, instances, retriever.Open, ct);
        string[] sent = [.. outcomes.Where(static one => one.IsStored).Select(static one => one.Instance.SopInstanceUid)];
        broker.Tally.Forwarded(sent.Length);
        if (sent.Length < instances.Count)
        {
            Log.NotForwarded(_logger, broker.Definition.Name, instances.Count - sent.Length, outcomes.FirstOrDefault(static one => !one.IsStored)?.Problem ?? "not sent");
        }

        return sent;
    }

    private async Task<JobStep> CommitAsync(ForeignBroker broker, ForwardJob job, CancellationToken ct)
    {
        IReadOnlyList<InstanceReference>? lost;
        try
        {
            lost = await archives.CommitAsync(broker.Definition.Address, Locate(job.Sent, ct), CommitmentPatience, ct);
        }
        catch (ForeignArchiveException fault) when (job.Asked + 1 < CommitmentAttempts)
        {
            Log.NotCommitted(_logger, broker.Definition.Name, fault.Message);
            return JobStep.Continue((job with { Asked = job.Asked + 1 }).ToBytes());
        }
        catch (ForeignArchiveException fault)
        {
            // It took them, and says nothing of keeping them: as with an archive that does not offer commitment, nothing more can be had.
            Log.NotCommitted(_logger, broker.Definition.Name, fault.Message);
            lost = null;
        }

        if (lost is { Count: > 0 })
        {
            // It is asked again later, and later each time.
            await SendAsync(broker, lost, ct);
            return JobStep.Retry;
        }

        string[] left = [.. job.Instances.Except(job.Sent, StringComparer.Ordinal)];
        return left.Length == 0 ? JobStep.Done : JobStep.Continue(new ForwardJob(job.Broker, left, [], 0).ToBytes());
    }

    private IReadOnlyList<InstanceReference> Locate(IReadOnlyList<string> sopInstanceUids, CancellationToken ct)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, "IMAGE");
        identifier.Set(Tags.SOPInstanceUID, [.. sopInstanceUids]);
        return [.. retriever.Locate(new RetrieveRequest(InformationModel.StudyRoot, identifier, Relational: true), ct).Where(static one => one.IsHeldHere)];
    }

    private async Task SubmitAsync(string broker, string key, string[] instances, CancellationToken ct)
    {
        foreach (var (index, part) in instances.Chunk(ForwardJob.InstanceLimit).Index())
        {
            await _jobs.SubmitAsync(
                Kind, string.Create(CultureInfo.InvariantCulture, $"{broker}/{key}/{index}"), new ForwardJob(broker, part, [], 0).ToBytes(), ct);
        }
    }

    private async Task FollowAsync(CancellationToken ct)
    {
        while (true)
        {
            var commit = catalogue.NextCommitAsync();
            var isMore = false;
            foreach (var broker in brokers.Forwarding())
            {
                isMore |= await TryFollowAsync(broker, ct);
            }

            if (!isMore)
            {
                await commit.WaitAsync(ct);
                await Task.Delay(Gathering, time, ct);
            }
        }
    }

    private async Task<bool> TryFollowAsync(ForeignBroker broker, CancellationToken ct)
    {
        try
        {
            return await FollowAsync(broker, ct);
        }
        catch (Exception fault) when (fault is CatalogueException or IOException or UnauthorizedAccessException)
        {
            // The disk is full or fails, which others tell louder; the next commit may be better.
            Log.NotForwarded(_logger, broker.Definition.Name, 0, fault.Message);
            return false;
        }
    }

    /// <summary>Queues what came since the last look; the mark moves after the jobs are durable, so nothing is left out.</summary>
    private async Task<bool> FollowAsync(ForeignBroker broker, CancellationToken ct)
    {
        if (broker.Progress.ForwardedSequence is not { } after)
        {
            // How far it was is lost: better once too seldom than everything again.
            var now = catalogue.LastSequence();
            broker.Keep(progress => progress with { ForwardedSequence = now });
            return false;
        }

        var changes = catalogue.Changes(after, ChangeLimit);
        if (changes.Count == 0)
        {
            return false;
        }

        var fresh = changes.Where(static change => change.Kind == ChangeKind.InstanceAdded).Select(change => catalogue.FindInstance(change.SopInstanceUid))
            .OfType<InstanceRow>().Where(row => IsToBeForwarded(row, broker.Definition));
        foreach (var study in fresh.GroupBy(static row => row.StudyInstanceUid, StringComparer.Ordinal))
        {
            await SubmitAsync(
                broker.Definition.Name, string.Create(CultureInfo.InvariantCulture, $"{study.Key}/{changes[^1].Sequence}"),
                [.. study.Select(static row => row.SopInstanceUid).Distinct()], ct);
        }

        broker.Keep(progress => progress with { ForwardedSequence = changes[^1].Sequence });
        return true;
    }

    /// <summary>What came from the archive itself, what it has, and what other nodes brought is not sent to it.</summary>
    private bool IsToBeForwarded(InstanceRow row, BrokerDefinition broker) =>
        row.Copy is not null && row.SourceAeTitle != broker.AeTitle && catalogue.HoldersOfInstance(row.SopInstanceUid).Count == 0
        && !catalogue.OffersOfInstance(row.SopInstanceUid).Contains(new Offerer(broker.Source, IsForeign: true));
}
