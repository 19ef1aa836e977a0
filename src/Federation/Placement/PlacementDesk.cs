using Panal.Catalogue;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Volumes;

namespace Panal.Federation.Placement;

/// <summary>What one node answered about a study.</summary>
/// <param name="Node">Who.</param>
/// <param name="Keeps">Whether it keeps what it holds.</param>
/// <param name="Contents">For each content that was asked about, whether it is there, read back and right.</param>
public sealed record Confirmation(NodeId Node, bool Keeps, IReadOnlyList<bool> Contents)
{
    /// <summary>Whether all of it is there.</summary>
    public bool IsWhole => Contents.All(static isThere => isThere);
}

/// <summary>Asks other nodes by placement/1 (docs/formats/placement.md).</summary>
public sealed class PlacementDesk(ILinks links, TimeProvider time)
{
    /// <summary>
    /// A node reads its copies back before it answers, on an old disk at some 20 MB/s; a question is about 1,024 instances at most, and large ones are
    /// rare. Whoever says nothing for so long is not relied on.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Asks a node whether it holds contents of a study, right and for good.</summary>
    /// <returns>Null when it cannot be asked.</returns>
    public async Task<Confirmation?> ConfirmAsync(NodeId node, string studyInstanceUid, IReadOnlyList<HeldContent> contents, CancellationToken ct)
    {
        var isThere = new List<bool>();
        var keeps = true;
        var asked = contents.Select(static content => new AskedContent(new ContentHash(content.Hash.Span), content.LengthBytes)).ToArray();
        var answered = await AskAsync(
            node,
            async (stream, token) =>
            {
                for (var first = 0; first < asked.Length; first += PlacementMessages.MaxContents)
                {
                    var part = asked.AsMemory(first, Math.Min(PlacementMessages.MaxContents, asked.Length - first));
                    PlacementMessages.WriteConfirm(stream.Output, studyInstanceUid, part.Span);
                    var answer = await AnswerAsync(stream, PlacementFrameKind.Confirmed, token);
                    var (keepsPart, here) = PlacementMessages.ReadConfirmed(answer.Span, part.Length);
                    keeps &= keepsPart;
                    isThere.AddRange(here);
                }
            },
            ct);
        return answered ? new Confirmation(node, keeps, isThere) : null;
    }

    /// <summary>Asks a node to fetch a study.</summary>
    /// <param name="node">Who shall have it.</param>
    /// <param name="studyInstanceUid">Study Instance UID.</param>
    /// <param name="pins">Whether it shall keep it until it is unpinned there.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <returns>Null when it cannot be asked.</returns>
    public async Task<PlacementAnswer?> FetchAsync(NodeId node, string studyInstanceUid, bool pins, CancellationToken ct)
    {
        PlacementAnswer? answer = null;
        await AskAsync(
            node,
            async (stream, token) =>
            {
                PlacementMessages.WriteFetch(stream.Output, studyInstanceUid, pins);
                answer = PlacementMessages.ReadAccepted((await AnswerAsync(stream, PlacementFrameKind.Accepted, token)).Span);
            },
            ct);
        return answer;
    }

    /// <summary>Asks a holder whether this node may have copies of a study, to keep them.</summary>
    /// <returns>False when it says no. A node that cannot be asked, or of a release that does not know the question, has not said no.</returns>
    public async Task<bool> MayReplicateAsync(NodeId node, string studyInstanceUid, CancellationToken ct)
    {
        var answer = PlacementAnswer.Held;
        await AskAsync(
            node,
            async (stream, token) =>
            {
                PlacementMessages.WriteReplicate(stream.Output, studyInstanceUid);
                answer = PlacementMessages.ReadAccepted((await AnswerAsync(stream, PlacementFrameKind.Accepted, token)).Span);
            },
            ct);
        return answer != PlacementAnswer.Refused;
    }

    private async Task<bool> AskAsync(NodeId node, Func<ILinkStream, CancellationToken, Task> ask, CancellationToken ct)
    {
        if (!links.Linked.Contains(node))
        {
            return false;
        }

        var stream = await OpenAsync(node, ct);
        if (stream is null)
        {
            return false;
        }

        await using (stream)
        {
            try
            {
                await ask(stream, ct);
                await stream.Output.CompleteAsync();
                return true;
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
                return false;
            }
        }
    }

    private async Task<ILinkStream?> OpenAsync(NodeId node, CancellationToken ct)
    {
        try
        {
            return await links.OpenAsync(node, PlacementService.ProtocolName, LinkPriority.Bulk, ct);
        }
        catch (LinkException)
        {
            return null;
        }
    }

    private async Task<ReadOnlyMemory<byte>> AnswerAsync(ILinkStream stream, PlacementFrameKind kind, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await stream.Output.FlushAsync(end.Token);
            return await PlacementMessages.ReadAsync(stream.Input, end.Token) is (var answered, var content) && answered == kind
                ? content
                : throw new PlacementProtocolException("The answer is none.");
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException("The node says nothing.", e);
        }
    }
}
