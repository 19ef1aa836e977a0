using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Panal.Security.Identities;
using Panal.Security.Joining;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Federation.Membership;

/// <summary>Speaks membership/1 on both sides: spreads what the authority signed, and renews certificates; see docs/formats/membership.md.</summary>
public sealed class MembershipExchange(NetworkMembership membership, NetworkOffice office, ILogger<MembershipExchange> logger) : ILinkService
{
    /// <summary>Name and version of the protocol.</summary>
    public const string ProtocolName = "membership/1";

    /// <inheritdoc/>
    public string Protocol => ProtocolName;

    /// <summary>Serves one stream to its end.</summary>
    public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken)
    {
        if (await MembershipFrame.ReadAsync(stream.Input, cancellationToken) is not (var kind, var content))
        {
            return;
        }

        if (kind == MembershipFrameKind.Renew)
        {
            Answer(stream, content);
            await stream.Output.FlushAsync(cancellationToken);
            await stream.Output.CompleteAsync();
            return;
        }

        await GossipAsync(stream, stream.Peer, (kind, content), cancellationToken);
    }

    /// <summary>Keeps a stream to a node and gossips on it until it ends.</summary>
    internal async Task GossipAsync(ILinks links, NodeId peer, CancellationToken ct)
    {
        await using var stream = await links.OpenAsync(peer, ProtocolName, LinkPriority.Interactive, ct);
        await GossipAsync(stream, peer, null, ct);
    }

    /// <summary>Asks a holder of the authority for a new certificate.</summary>
    /// <exception cref="JoinRefusedException">It refuses.</exception>
    /// <exception cref="IOException">The link or the stream ended.</exception>
    internal async Task RenewAsync(ILinks links, NodeId holder, ECDsa key, CancellationToken ct)
    {
        await using var stream = await links.OpenAsync(holder, ProtocolName, LinkPriority.Interactive, ct);
        MembershipFrame.Write(stream.Output, MembershipFrameKind.Renew, JoinRequest.WriteCsr(membership.Standing!.Identity.Name, key));
        await stream.Output.FlushAsync(ct);
        switch (await MembershipFrame.ReadAsync(stream.Input, ct))
        {
            case (MembershipFrameKind.Renewed, var content):
                var (certificate, issuer) = MembershipFrame.ReadRenewed(content);
                membership.Renew(Certificates.Read(certificate.Span), Certificates.Read(issuer.Span));
                break;
            case (MembershipFrameKind.Refused, var content):
                throw new JoinRefusedException(JoinRefusal.Conflict, System.Text.Encoding.UTF8.GetString(content.Span));
            default:
                throw new MembershipProtocolException("The answer to a renewal is none.");
        }

        await stream.Output.CompleteAsync();
    }

    /// <summary>Both sides talk in the same way: versions first and whenever they change, then what the other lacks.</summary>
    internal async Task GossipAsync(IDuplexPipe pipe, NodeId peer, (MembershipFrameKind Kind, ReadOnlyMemory<byte> Content)? first, CancellationToken ct)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // Only the newest versions of the peer matter.
        var heard = Channel.CreateBounded<DocumentVersions>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var hearing = HearAsync(pipe.Input, peer, first, heard.Writer, ending);
        try
        {
            await TellAsync(pipe.Output, heard.Reader, ending.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The peer has ended its direction, or broke the protocol, which the hearing side tells.
        }
        finally
        {
            await ending.CancelAsync();
        }

        await hearing;
        await pipe.Output.CompleteAsync();
    }

    private async Task TellAsync(PipeWriter output, ChannelReader<DocumentVersions> heard, CancellationToken ct)
    {
        var told = default(DocumentVersions);
        DocumentVersions? theirs = null;
        Task<bool>? hearing = null;
        while (true)
        {
            var change = membership.NextChangeAsync();
            var standing = membership.Standing!;
            if (standing.Versions != told)
            {
                told = standing.Versions;
                MembershipFrame.Write(output, told);
            }

            if (theirs is { } known && standing.Versions.IsAheadOf(known))
            {
                WriteMissing(output, standing, known);
                // What was sent counts as had; if it was lost, so is the stream.
                theirs = known.Max(standing.Versions);
            }

            var flushed = await output.FlushAsync(ct);
            if (flushed.IsCompleted)
            {
                return;
            }

            hearing ??= heard.WaitToReadAsync(ct).AsTask();
            await Task.WhenAny(change, hearing).WaitAsync(ct);
            if (hearing.IsCompleted)
            {
                hearing = null;
                theirs = heard.TryRead(out var newest) ? newest : theirs;
            }
        }
    }

    private static void WriteMissing(PipeWriter output, NetworkStanding standing, DocumentVersions known)
    {
        foreach (var document in standing.Bundles.Where(b => standing.Bundle.Sequence > known.Bundle && TrustBundle.SequenceOf(b) > known.Bundle))
        {
            MembershipFrame.Write(output, MembershipFrameKind.Document, document.Bytes.Span);
        }

        // Who is refused is more urgent than who is new.
        if (standing.Denied.Version > known.Denied)
        {
            MembershipFrame.Write(output, MembershipFrameKind.Document, standing.SignedDenied.Bytes.Span);
        }

        if (standing.Roster.Version > known.Roster)
        {
            MembershipFrame.Write(output, MembershipFrameKind.Document, standing.SignedRoster.Bytes.Span);
        }
    }

    private async Task HearAsync(
        PipeReader input, NodeId peer, (MembershipFrameKind Kind, ReadOnlyMemory<byte> Content)? first,
        ChannelWriter<DocumentVersions> heard, CancellationTokenSource ending)
    {
        try
        {
            for (var frame = first ?? await MembershipFrame.ReadAsync(input, ending.Token); frame is (var kind, var content);
                frame = await MembershipFrame.ReadAsync(input, ending.Token))
            {
                switch (kind)
                {
                    case MembershipFrameKind.Versions:
                        var versions = MembershipFrame.ReadVersions(content.Span);
                        Require(versions.Network == membership.Standing!.Roster.Network, "A peer is of another network.");
                        office.HasCompared();
                        heard.TryWrite(versions);
                        break;
                    case MembershipFrameKind.Document:
                        TakeOver(content, peer);
                        break;
                    default:
                        throw new MembershipProtocolException("A frame came out of order.");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // We end it ourselves.
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    private void TakeOver(ReadOnlyMemory<byte> content, NodeId peer)
    {
        try
        {
            var document = SignedDocument.Read(content);
            if (membership.TakeOver(document))
            {
                Log.TookOver(logger, document.Kind, membership.Standing!.Versions, peer);
            }
        }
        catch (NetworkDocumentException e)
        {
            throw new MembershipProtocolException(e.Message, e);
        }
    }

    private void Answer(ILinkStream stream, ReadOnlyMemory<byte> csr)
    {
        try
        {
            var certificate = office.Reissue(stream.Peer, JoinRequest.ReadCsr(csr.ToArray()));
            MembershipFrame.WriteRenewed(stream.Output, certificate.RawDataMemory.Span, office.Issuer.RawDataMemory.Span);
            Log.Renewed(logger, stream.Peer);
        }
        catch (Exception e) when (e is JoinRefusedException or NetworkDocumentException)
        {
            MembershipFrame.WriteRefused(stream.Output, e.Message);
        }
    }

    private static void Require(bool isKept, string broken)
    {
        if (!isKept)
        {
            throw new MembershipProtocolException(broken);
        }
    }
}
