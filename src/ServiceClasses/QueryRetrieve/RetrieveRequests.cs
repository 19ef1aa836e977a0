using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Audit;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Storage;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.QueryRetrieve;

/// <summary>Sends what a C-MOVE or C-GET wants; counts and tells by itself what became of each instance.</summary>
internal delegate Task SendInstances(IReadOnlyList<SendableInstance> instances, Action<SendOutcome> report, CancellationToken ct);

/// <summary>What C-MOVE and C-GET have in common: what is meant, how it goes on, and how it ended. PS3.4 §C.4.2 and C.4.3.</summary>
public sealed class RetrieveRequests(Retriever retriever, AuditTrail audit, ServiceClassOptions options, TimeProvider time)
{
    /// <summary>Performs a retrieval and returns its counters; null when the request was refused.</summary>
    internal async ValueTask<SubOperations?> RunAsync(DimseRequest request, DataSet identifier, AuditParty destination, SendInstances send, CancellationToken ct)
    {
        if (await LocateAsync(request, identifier, ct) is not { } instances)
        {
            return null;
        }

        var association = request.Association;
        var patients = PatientsOf(instances);
        foreach (var patient in patients)
        {
            await audit.RecordAsync(AuditEvents.BeginTransferring(association.Acceptor(), destination, true, patient), CancellationToken.None);
        }

        var counters = new SubOperations(instances.Count);
        using var breakOff = new CancellationTokenSource();

        // C-CANCEL stops between two instances: a message that has begun must go on to its end, or the association is lost with it.
        await using (ct.Register(() => BreakOffUnlessCancelled(request, breakOff)))
        await using (PendingResponses.Start(request, counters, options, time))
        {
            var known = await WithClassesAsync(instances, ct);
            await send([.. known.Select(instance => Sendable(instance, ct))], counters.Count, breakOff.Token);
        }

        var status = counters.FinalStatus(request.IsCancelRequested);
        var outcome = status.Kind is StatusKind.Failure ? AuditOutcome.SeriousFailure : counters.Failed > 0 ? AuditOutcome.MinorFailure : AuditOutcome.Success;
        foreach (var patient in patients)
        {
            await audit.RecordAsync(
                AuditEvents.InstancesTransferred(association.Acceptor(), destination, true, patient, AuditAction.Read, outcome), CancellationToken.None);
        }

        await request.RespondAsync(
            status.Code,
            counters.FailedIdentifier(),
            command => counters.WriteCounters(command, withRemaining: status == QueryRetrieveTable.MoveCancelled),
            CancellationToken.None);
        return counters;
    }

    private static void BreakOffUnlessCancelled(DimseRequest request, CancellationTokenSource breakOff)
    {
        if (!request.IsCancelRequested)
        {
            breakOff.Cancel();
        }
    }

    /// <summary>
    /// A foreign archive need not tell the SOP class of what it only offers, and without it no context can be proposed or chosen: the first
    /// of each such series is awaited, and the others are taken to be like it.
    /// </summary>
    private async ValueTask<IReadOnlyList<InstanceReference>> WithClassesAsync(IReadOnlyList<InstanceReference> instances, CancellationToken ct)
    {
        if (instances.All(static instance => instance.SopClassUid.Length > 0))
        {
            return instances;
        }

        var firsts = new Dictionary<string, InstanceReference>(StringComparer.Ordinal);
        try
        {
            foreach (var first in instances.Where(static one => one.SopClassUid.Length == 0).DistinctBy(static one => one.SeriesInstanceUid))
            {
                await retriever.BringAsync(first, ct);
                firsts[first.SeriesInstanceUid] = retriever.Current(first);
            }
        }
        catch (OperationCanceledException)
        {
            // The sending that follows stops by itself.
        }

        return
        [
            .. instances.Select(one => one.SopClassUid.Length == 0 && firsts.TryGetValue(one.SeriesInstanceUid, out var first)
                ? one with { SopClassUid = first.SopClassUid, TransferSyntaxUid = first.TransferSyntaxUid }
                : one),
        ];
    }

    private static AuditPatient[] PatientsOf(IReadOnlyList<InstanceReference> instances) =>
    [
        .. instances.GroupBy(instance => instance.PatientId, StringComparer.Ordinal).Select(patient => new AuditPatient(
            patient.Key,
            "",
            [.. patient.GroupBy(instance => instance.StudyInstanceUid, StringComparer.Ordinal).Select(study => new AuditStudy(
                study.Key, "", [.. study.CountBy(instance => instance.SopClassUid).Select(count => (count.Key, count.Value))]))])),
    ];

    private async ValueTask<IReadOnlyList<InstanceReference>?> LocateAsync(DimseRequest request, DataSet identifier, CancellationToken ct)
    {
        var sopClassUid = request.Context.AbstractSyntax;
        try
        {
            var relational = QueryOption.Relational.IsAgreed(request.Association, sopClassUid);
            return retriever.Locate(new RetrieveRequest(QueryRetrieveTable.ModelOf(sopClassUid), identifier, relational), ct);
        }
        catch (SearchRefusedException refused)
        {
            await request.RespondWithErrorAsync(QueryScp.StatusOf(refused.Reason), refused.Message, CancellationToken.None);
            return null;
        }
        catch (OperationCanceledException) when (request.IsCancelRequested)
        {
            await request.RespondAsync(QueryRetrieveTable.MoveCancelled.Code, CancellationToken.None);
            return null;
        }
    }

    /// <param name="instance">What is sent.</param>
    /// <param name="cancelled">C-CANCEL too ends waiting for what is still elsewhere; it comes all the same.</param>
    private SendableInstance Sendable(InstanceReference instance, CancellationToken cancelled) =>
        new(instance.SopClassUid, instance.SopInstanceUid, instance.TransferSyntaxUid,
            accepted => retriever.Open(instance, accepted) switch
            {
                { Instance: { } outgoing } => new OutgoingDataSet(outgoing.DataSet, outgoing.TransferSyntax.Uid),
                { Result: OpenResult.NoCommonTransferSyntax } => null,
                { Result: var result } => throw new IOException($"The instance cannot be sent: {result}"),
            })
        {
            Arrival = async _ => await retriever.BringAsync(instance, cancelled),
        };
}
