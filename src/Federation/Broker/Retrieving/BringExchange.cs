using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Federation.Fetching;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Federation.Broker.Retrieving;

/// <summary>
/// Speaks bring/1 on both sides: asks a node to get an instance from the archive behind it, and does so for others; see
/// docs/formats/bring.md. The bytes come by the swarm, when the feed has told their hash.
/// </summary>
public sealed class BringExchange(
    ForeignRetrievals retrievals, CatalogueDatabase catalogue, IFetchRights rights, ILinks links, TimeProvider time, ILogger<BringExchange> logger) : ILinkService
{
    /// <summary>Name and version of the protocol.</summary>
    public const string ProtocolName = "bring/1";

    /// <summary>How often it is said that an instance is still on its way.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Whoever hears nothing for so long gives up.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromSeconds(35);

    /// <inheritdoc/>
    public string Protocol => ProtocolName;

    /// <inheritdoc/>
    public ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken) => ServeAsync(stream, stream.Peer, cancellationToken);

    /// <summary>Asks a node to get an instance from the archive behind it.</summary>
    /// <returns>True when it has it now; false when it cannot be reached, or does not get it.</returns>
    public async Task<bool> AskAsync(NodeId node, string sopInstanceUid, CancellationToken ct)
    {
        try
        {
            await using var stream = await links.OpenAsync(node, ProtocolName, LinkPriority.Interactive, ct);
            return await AskAsync(stream, sopInstanceUid, ct);
        }
        catch (Exception fault) when (fault is IOException || (fault is OperationCanceledException && !ct.IsCancellationRequested))
        {
            Log.NotBrought(logger, node, fault.GetType().Name);
            return false;
        }
    }

    /// <summary>Asks on a pipe that leads to a node.</summary>
    internal async Task<bool> AskAsync(IDuplexPipe pipe, string sopInstanceUid, CancellationToken ct)
    {
        BringFrame.Write(pipe.Output, BringFrameKind.Want, sopInstanceUid);
        await pipe.Output.FlushAsync(ct);
        while (true)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(ct);
            using var timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), silence, Silence, Timeout.InfiniteTimeSpan);
            switch (await BringFrame.ReadAsync(pipe.Input, silence.Token))
            {
                case (BringFrameKind.UnderWay, _):
                    continue;
                case (BringFrameKind.Here, _):
                    await pipe.Output.CompleteAsync();
                    return true;
                default:
                    await pipe.Output.CompleteAsync();
                    return false;
            }
        }
    }

    /// <summary>Serves a pipe that leads to a node.</summary>
    /// <exception cref="BringProtocolException">It does not keep to the protocol.</exception>
    internal async ValueTask ServeAsync(IDuplexPipe pipe, NodeId peer, CancellationToken ct)
    {
        if (await BringFrame.ReadAsync(pipe.Input, ct) is not (BringFrameKind.Want, var content))
        {
            throw new BringProtocolException("The first frame wants nothing.");
        }

        var uid = BringFrame.UidOf(content);
        var end = BringFrameKind.NotGiven;
        if (MayHave(peer, uid))
        {
            var bringing = retrievals.BringAsync(uid, ct).AsTask();
            while (!bringing.IsCompleted)
            {
                using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
                await Task.WhenAny(bringing, Task.Delay(Interval, time, enough.Token));
                await enough.CancelAsync();
                ct.ThrowIfCancellationRequested();
                if (!bringing.IsCompleted)
                {
                    BringFrame.Write(pipe.Output, BringFrameKind.UnderWay, "");
                    await pipe.Output.FlushAsync(ct);
                }
            }

            end = await bringing ? BringFrameKind.Here : BringFrameKind.NotGiven;
        }

        BringFrame.Write(pipe.Output, end, "");
        await pipe.Output.FlushAsync(ct);
        await pipe.Output.CompleteAsync();
    }

    /// <summary>Exactly what the node may fetch it may ask for.</summary>
    private bool MayHave(NodeId peer, string sopInstanceUid) =>
        rights.FetchableBy(peer) is { } filter
        && catalogue.FindInstance(sopInstanceUid) is { } row
        && catalogue.SeriesTold(row.StudyInstanceUid, filter).Contains(row.SeriesInstanceUid);
}
