using System.Globalization;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Exchange;

namespace Panal.Unit.Swarm.Transfers.Running;

/// <summary>A receiver that asks for what a test wants and listens.</summary>
internal sealed class ScriptedReceiver(ILinkStream stream, int blocks) : IAsyncDisposable
{
    /// <summary>Says what it wants, and asks for nothing yet.</summary>
    public static async Task<ScriptedReceiver> OpenAsync(MemoryNetwork network, NodeId self, NodeId holder, string scope, TransferObject[] objects)
    {
        var stream = await network.OpenAsync(self, holder);
        var map = new BlockMap(objects);
        TransferMessages.WriteOpening(stream.Output, new TransferScope(scope), 1_000_000, map);
        await stream.Output.FlushAsync(TestContext.Current.CancellationToken);
        return new ScriptedReceiver(stream, map.Blocks);
    }

    /// <summary>Ends when the holder has begun to serve.</summary>
    public async Task JoinedAsync()
    {
        var read = await stream.Input.ReadAsync(TestContext.Current.CancellationToken);
        stream.Input.AdvanceTo(read.Buffer.Start);
    }

    public async Task RequestAsync(int[] asked)
    {
        BlockRun.Write(stream.Output, TransferFrameKind.Request, asked);
        await stream.Output.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The next frame that says something of blocks, and of which.</summary>
    public async Task<string> NextAsync()
    {
        while (true)
        {
            var read = await stream.Input.ReadAsync(TestContext.Current.CancellationToken);
            Assert.False(read.IsCompleted);
            if (!TransferFrame.TryRead(read.Buffer, TransferFrame.LimitBytes, out var kind, out var content))
            {
                stream.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var isOfBlocks = kind is not (TransferFrameKind.Uplink or TransferFrameKind.Peers);
            int[] told = !isOfBlocks || kind == TransferFrameKind.HaveAll
                ? []
                : [.. BlockRun.Read(content, blocks).SelectMany(static run => Enumerable.Range(run.First, run.Count))];
            stream.Input.AdvanceTo(content.End);
            if (isOfBlocks)
            {
                return string.Join(' ', [kind.ToString(), .. told.Select(static block => block.ToString(CultureInfo.InvariantCulture))]);
            }
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    /// <summary>The kinds of the frames that came.</summary>
    public static async Task<List<TransferFrameKind>> AskAsync(MemoryNetwork network, NodeId self, NodeId holder, string scope, TransferObject[] objects, int[] blocks)
    {
        await using var stream = await network.OpenAsync(self, holder);
        TransferMessages.WriteOpening(stream.Output, new TransferScope(scope), 1_000_000, new BlockMap(objects));
        BlockRun.Write(stream.Output, TransferFrameKind.Request, blocks);
        await stream.Output.FlushAsync(TestContext.Current.CancellationToken);
        var kinds = new List<TransferFrameKind>();
        while (!kinds.Contains(TransferFrameKind.Refuse) && !kinds.Contains(TransferFrameKind.Block))
        {
            var read = await stream.Input.ReadAsync(TestContext.Current.CancellationToken);
            var buffer = read.Buffer;
            while (TransferFrame.TryRead(buffer, TransferFrame.LimitBytes, out var kind, out var content))
            {
                kinds.Add(kind);
                buffer = buffer.Slice(content.End);
            }

            stream.Input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        // Announcements may come before or after the refusal.
        return [.. kinds.Distinct().OrderBy(static kind => kind == TransferFrameKind.Uplink ? -1 : kind == TransferFrameKind.Refuse ? 99 : (int)kind)];
    }
}
