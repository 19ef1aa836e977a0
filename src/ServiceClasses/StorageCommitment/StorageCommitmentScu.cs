using System.Collections.Concurrent;
using Panal.Archive.Commitment;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.StorageCommitment;

/// <summary>What an archive answered to a request for storage commitment.</summary>
/// <param name="TransactionUid">The transaction that was asked about.</param>
/// <param name="Committed">What the archive keeps.</param>
/// <param name="Failed">What it does not keep; what it did not mention is here too, without a reason.</param>
public sealed record CommitmentResult(string TransactionUid, IReadOnlyList<ReferencedInstance> Committed, IReadOnlyList<FailedInstance> Failed);

/// <summary>Asks another archive to commit, and takes its results: on the association of the request, or on one that the archive opens to us.</summary>
/// <remarks>PS3.4 §J.3. As a service it answers N-EVENT-REPORT.</remarks>
public sealed class StorageCommitmentScu(PeerDialer dialer, TimeProvider time) : IDimseService
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<CommitmentResult>> _awaited = new(StringComparer.Ordinal);

    /// <summary>Sends a request and waits for its result.</summary>
    /// <param name="peer">The archive.</param>
    /// <param name="callingAeTitle">Our AE title.</param>
    /// <param name="instances">What is to be committed; at least one.</param>
    /// <param name="patience">How long to wait for the result.</param>
    /// <param name="ct">Breaks off.</param>
    /// <exception cref="CommitmentRefusedException">The archive did not take the request.</exception>
    /// <exception cref="TimeoutException">No result came in time.</exception>
    public async Task<CommitmentResult> RequestAsync(
        PeerAddress peer, string callingAeTitle, IReadOnlyList<ReferencedInstance> instances, TimeSpan patience, CancellationToken ct)
    {
        var transactionUid = Uid.NewUid();
        var awaited = new TaskCompletionSource<CommitmentResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited[transactionUid] = awaited;
        try
        {
            var parameters = new AssociationParameters(callingAeTitle, peer.AeTitle, Proposals.ForData(Uids.StorageCommitmentPushModel));
            await using var opened = await dialer.OpenAsync(peer, parameters, this, ct);
            var command = DimseCommand.Action(
                opened.Context(Uids.StorageCommitmentPushModel), Uids.StorageCommitmentPushModel, Uids.StorageCommitmentPushModelInstance,
                StorageCommitmentTable.RequestStorageCommitment);
            var response = await opened.Association.RequestAsync(command, CommitmentDataSets.WriteRequest(transactionUid, instances), ct);
            if (ServiceStatus.KindOf(response.Status) == StatusKind.Failure)
            {
                throw new CommitmentRefusedException(response.Status);
            }

            return Complete(await awaited.Task.WaitAsync(patience, time, ct), instances);
        }
        finally
        {
            _awaited.TryRemove(transactionUid, out _);
        }
    }

    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        var eventType = request.Command.GetUInt16(Tags.EventTypeID);
        if (eventType is not (StorageCommitmentTable.StorageCommitmentRequestSuccessful or StorageCommitmentTable.StorageCommitmentRequestCompleteFailuresExist))
        {
            await request.RespondWithErrorAsync(StorageCommitmentTable.NoSuchEventType, "Event Type ID is neither 1 nor 2", ct);
            return;
        }

        var result = CommitmentDataSets.ReadReport(await request.ReadIdentifierAsync(ct));
        if (result is null || !_awaited.TryGetValue(result.TransactionUid, out var awaited))
        {
            await request.RespondWithErrorAsync(StorageCommitmentTable.InvalidArgumentValue, "Unknown transaction", ct);
            return;
        }

        await request.RespondAsync(StorageCommitmentTable.ActionSuccess.Code, ct);
        awaited.TrySetResult(result);
    }

    /// <summary>What the archive does not mention is not committed.</summary>
    private static CommitmentResult Complete(CommitmentResult result, IReadOnlyList<ReferencedInstance> asked)
    {
        var mentioned = result.Committed.Concat(result.Failed.Select(one => new ReferencedInstance(one.SopClassUid, one.SopInstanceUid))).ToHashSet();
        var silent = asked.Where(one => !mentioned.Contains(one)).Select(one => new FailedInstance(one.SopClassUid, one.SopInstanceUid, 0));
        return result with { Failed = [.. result.Failed, .. silent] };
    }
}

/// <summary>An archive did not take a request for storage commitment.</summary>
public sealed class CommitmentRefusedException(ushort status) : Exception($"The request was answered with {status:X4}")
{
    public ushort Status { get; } = status;
}
