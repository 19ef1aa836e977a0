using Panal.Swarm.Links;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers.Exchange;
using Panal.Swarm.Transfers.Running;

namespace Panal.Unit.Swarm.Transfers.Running;

/// <summary>A holder that says it has these blocks, or everything, and then does what a test wants with each request.</summary>
internal sealed class ScriptedHolder(Action<ILinkStream, BlockMap, int> answer, int[]? shown = null) : ILinkService
{
    private readonly Lock _gate = new();
    private readonly List<TransferFrameKind> _heard = [];
    private TaskCompletionSource _nextFrame = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Protocol => TransferService.ProtocolName;

    /// <summary>Streams that were opened to it.</summary>
    public int Streams;

    /// <summary>The frames that came, but for those that say what is wanted.</summary>
    public IReadOnlyList<TransferFrameKind> Heard
    {
        get
        {
            lock (_gate)
            {
                return [.. _heard];
            }
        }
    }

    /// <summary>Ends when a frame of this kind has come.</summary>
    public async Task HearsAsync(TransferFrameKind kind)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_heard.Contains(kind))
                {
                    return;
                }

                next = _nextFrame.Task;
            }

            await next.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref Streams);
        var objects = new List<TransferObject>();
        BlockMap? map = null;
        var expected = 0;
        while (true)
        {
            var read = await stream.Input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (TransferFrame.TryRead(buffer, TransferFrame.LimitBytes, out var kind, out var content))
            {
                switch (kind)
                {
                    case TransferFrameKind.Begin:
                        expected = TransferMessages.ReadBegin(content).Objects;
                        break;
                    case TransferFrameKind.Objects:
                        TransferMessages.ReadObjects(content, objects, expected);
                        map = objects.Count == expected ? new BlockMap([.. objects]) : null;
                        if (shown is null)
                        {
                            TransferMessages.WriteHaveAll(stream.Output);
                        }
                        else
                        {
                            BlockRun.Write(stream.Output, TransferFrameKind.Have, shown);
                        }

                        break;
                    case TransferFrameKind.Request or TransferFrameKind.Urgent:
                        Hear(kind);
                        foreach (var run in BlockRun.Read(content, map!.Blocks))
                        {
                            for (var block = run.First; block < run.First + run.Count; block++)
                            {
                                answer(stream, map, block);
                            }
                        }

                        break;
                    default:
                        Hear(kind);
                        break;
                }

                buffer = buffer.Slice(content.End);
            }

            stream.Input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted || (await stream.Output.FlushAsync(cancellationToken)).IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Answers with bytes and a proof of the right lengths.</summary>
    public static void Send(ILinkStream stream, BlockMap map, int block, byte content)
    {
        var index = map.ObjectOf(block);
        var proofBytes = 32 * BlockTree.ProofHashes(map.BlocksOfObject(index), block - map.FirstBlockOf(index));
        TransferMessages.BeginBlock(stream.Output, block, proofBytes, map.LengthOf(block), out var proof, out var frameBytes).Fill(content);
        proof.Fill(content);
        stream.Output.Advance(frameBytes);
    }

    private void Hear(TransferFrameKind kind)
    {
        lock (_gate)
        {
            _heard.Add(kind);
            _nextFrame.SetResult();
            _nextFrame = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
