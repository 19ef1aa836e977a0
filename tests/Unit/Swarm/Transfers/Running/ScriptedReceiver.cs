using Panal.Swarm;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Exchange;

namespace Panal.Unit.Swarm.Transfers.Running;

/// <summary>A receiver that asks once and listens until something was answered or the stream has ended.</summary>
internal static class ScriptedReceiver
{
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
