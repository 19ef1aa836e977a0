using System.Buffers;
using System.IO.Pipelines;
using Panal.Swarm.Links;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Wire;

namespace Panal.Swarm.Relay;

/// <summary>What a relay answers. The numbers are on the wire (docs/formats/relay.md) and never change.</summary>
internal enum RelayAnswer : byte
{
    Connected = 0,
    NotLinked = 1,
    Quota = 2,
    Refused = 3,
}

/// <summary>Joins two members that cannot reach one another; what it carries is their TLS, which it cannot read (docs/formats/relay.md).</summary>
internal sealed class RelayService(Links.Links links, RelayOptions options, TimeProvider time) : ILinkService
{
    public const string Name = "relay/1";

    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, int> _ofMember = [];
    private int _standing;

    /// <summary>Small and fixed: what waits inside a relay cannot be overtaken any more.</summary>
    public static StreamBuffers Buffers { get; } =
        new(FramePayloads.OpenersCreditBytes, FramePayloads.OpenersCreditBytes, UnsentBytes: 16 * 1024, CanGrow: false);

    public string Protocol => Name;

    /// <summary>Asks a relay for a node, and takes its answer.</summary>
    /// <exception cref="LinkException">The relay serves nobody, or the stream has ended.</exception>
    public static async Task<RelayAnswer> AskAsync(LinkStream stream, NodeId target, CancellationToken cancellationToken)
    {
        await WriteNodeAsync(stream.Output, target, cancellationToken);
        var answer = await stream.Input.ReadAtLeastAsync(1, cancellationToken);
        if (answer.Buffer.IsEmpty)
        {
            throw new LinkException("The relay said nothing.");
        }

        var first = answer.Buffer.FirstSpan[0];
        stream.Input.AdvanceTo(answer.Buffer.GetPosition(1));
        return (RelayAnswer)first;
    }

    /// <summary>What an answer means, for people.</summary>
    public static string Refusal(NodeId relay, RelayAnswer answer) => answer switch
    {
        RelayAnswer.NotLinked => $"the relay {relay} has no link to it",
        RelayAnswer.Quota => $"the relay {relay} carries as many links as its quota allows",
        _ => $"the relay {relay} refuses",
    };

    public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken)
    {
        var target = await ReadNodeAsync(stream.Input, cancellationToken);
        if (!links.IsDirect((LinkStream)stream) || target == stream.Peer)
        {
            await AnswerAsync(stream, RelayAnswer.Refused, cancellationToken);
            return;
        }

        if (!TryEnter(stream.Peer))
        {
            await AnswerAsync(stream, RelayAnswer.Quota, cancellationToken);
            return;
        }

        try
        {
            await using var onward = links.TryOpenDirect(target, RelayedService.Name, Buffers);
            if (onward is null)
            {
                await AnswerAsync(stream, RelayAnswer.NotLinked, cancellationToken);
                return;
            }

            await WriteNodeAsync(onward.Output, stream.Peer, cancellationToken);
            await stream.Output.WriteAsync(new[] { (byte)RelayAnswer.Connected }, cancellationToken);
            await JoinAsync(stream, onward, cancellationToken);
        }
        finally
        {
            Leave(stream.Peer);
        }
    }

    /// <summary>Reads the 16 bytes of an identity and nothing more.</summary>
    internal static async Task<NodeId> ReadNodeAsync(PipeReader input, CancellationToken cancellationToken)
    {
        var read = await input.ReadAtLeastAsync(NodeId.LengthBytes, cancellationToken);
        if (read.Buffer.Length < NodeId.LengthBytes)
        {
            throw new LinkException("The stream ended before it named a node.");
        }

        var bytes = read.Buffer.Slice(0, NodeId.LengthBytes);
        var node = NodeId.Read(bytes.ToArray());
        input.AdvanceTo(bytes.End);
        return node;
    }

    private static async Task WriteNodeAsync(PipeWriter output, NodeId node, CancellationToken cancellationToken)
    {
        node.CopyTo(output.GetSpan(NodeId.LengthBytes));
        output.Advance(NodeId.LengthBytes);
        await output.FlushAsync(cancellationToken);
    }

    private static async Task AnswerAsync(ILinkStream stream, RelayAnswer answer, CancellationToken cancellationToken)
    {
        await stream.Output.WriteAsync(new[] { (byte)answer }, cancellationToken);
        await stream.Output.CompleteAsync();
    }

    /// <summary>Carries bytes both ways until one way ends: a tunnel of which one direction is gone is of no use.</summary>
    private async Task JoinAsync(ILinkStream one, LinkStream other, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] ways = [CarryAsync(one.Input, other.Output, either.Token), CarryAsync(other.Input, one.Output, either.Token)];
        await Task.WhenAny(ways);
        await either.CancelAsync();
        try
        {
            await Task.WhenAll(ways);
        }
        catch (Exception e) when (e is OperationCanceledException or LinkException)
        {
            // The other way was stopped, or a link has ended.
        }
    }

    private async Task CarryAsync(PipeReader from, PipeWriter to, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var carried = 0L;
        while (true)
        {
            var read = await from.ReadAsync(cancellationToken);
            foreach (var part in read.Buffer)
            {
                to.Write(part.Span);
            }

            carried += read.Buffer.Length;
            from.AdvanceTo(read.Buffer.End);
            var flush = await to.FlushAsync(cancellationToken);
            if (read.IsCompleted || flush.IsCompleted)
            {
                await to.CompleteAsync();
                return;
            }

            // The quota: never ahead of what the time since the beginning of this second allows.
            var due = TimeSpan.FromSeconds((double)carried / options.BytesPerSecond) - time.GetElapsedTime(begun);
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due, time, cancellationToken);
            }
            else if (time.GetElapsedTime(begun) > TimeSpan.FromSeconds(1))
            {
                (begun, carried) = (time.GetTimestamp(), 0);
            }
        }
    }

    private bool TryEnter(NodeId member)
    {
        lock (_gate)
        {
            var his = _ofMember.GetValueOrDefault(member);
            if (_standing >= options.MaxLinks || his >= options.MaxLinksOfMember)
            {
                return false;
            }

            _standing++;
            _ofMember[member] = his + 1;
            return true;
        }
    }

    private void Leave(NodeId member)
    {
        lock (_gate)
        {
            _standing--;
            if (--_ofMember[member] == 0)
            {
                _ofMember.Remove(member);
            }
        }
    }
}

/// <summary>Takes the links that others make to us through a relay.</summary>
internal sealed class RelayedService(Links.Links links) : ILinkService
{
    public const string Name = "relayed/1";

    public string Protocol => Name;

    public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken)
    {
        var source = await RelayService.ReadNodeAsync(stream.Input, cancellationToken);
        if (links.IsDirect((LinkStream)stream))
        {
            await links.AcceptAsync(new Tunnel.PipeStream(stream, stream), remote: null, source, stream.Peer, cancellationToken);
        }
    }
}
