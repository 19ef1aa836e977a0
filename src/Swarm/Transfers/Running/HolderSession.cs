using System.Buffers;
using System.Security.Cryptography;
using Panal.Swarm.Links;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers.Exchange;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Running;

/// <summary>Our side of the stream to one holder: takes blocks in and verifies them, and tells what is asked.</summary>
internal sealed class HolderSession(Transfer transfer, ILinkStream stream) : IDisposable
{
    // Blocks that crossed our cancels, and no more: whoever sends more of what nobody asked for only fills the line.
    private const int MaxUnasked = 1024;

    private readonly Signal _wake = new();
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _block = new byte[ContentHash.BlockBytes];
    private int _unasked;
    private long _toldAt;
    private volatile bool _isEnding;
    private volatile bool _isReceiving;
    private volatile bool _isWakeWanted;

    /// <summary>Who it is.</summary>
    public NodeId Peer => stream.Peer;

    /// <summary>Its number in the download.</summary>
    public int Number { get; set; } = -1;

    /// <summary>What is to be told to it.</summary>
    public OutgoingRuns Outgoing { get; } = new();

    /// <summary>It receives from us what we fetch from it, so what we have and claim is news for it.</summary>
    public bool IsReceiving { get; set; }

    /// <summary>It shows us what it has, so it listens here too. Who may not see it there is not heard.</summary>
    public bool HasTold { get; private set; }

    /// <summary>It brought something that was right.</summary>
    public bool HasDelivered { get; private set; }

    /// <summary>It sent too much that is false: its stream ends, and none is opened again.</summary>
    public bool IsBanned { get; private set; }

    /// <summary>A better link to the holder stands: the stream ended so that another is opened there.</summary>
    public bool IsMoving => stream.Draining.IsCancellationRequested;

    /// <summary>Runs until the holder, the transfer or the link ends it.</summary>
    /// <exception cref="IOException">The holder broke the format, the link was cut, or our disk failed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var draining = stream.Draining.UnsafeRegister(static session => ((HolderSession)session!).End(), this);
        var writing = WriteAsync(stop.Token);
        try
        {
            await ReadAsync(stop.Token);
        }
        finally
        {
            _isEnding = true;
            await stop.CancelAsync();
            _wake.Set();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Something waits in <see cref="Outgoing"/> that should not wait longer, except while blocks are taken in: what they cause to be asked
    /// goes out together after the last of them, since a message for each would cost a record and two calls of the system a block.
    /// </summary>
    public void Wake()
    {
        if (_isReceiving)
        {
            _isWakeWanted = true;
            Interlocked.MemoryBarrier();
            if (_isReceiving)
            {
                return;
            }
        }

        _wake.Set();
    }

    /// <summary>What is to be told to it waits no longer if it was told nothing for so long.</summary>
    public void Wake(TimeSpan now, TimeSpan delay)
    {
        if (Outgoing.HasAny && now.Ticks - Interlocked.Read(ref _toldAt) >= delay.Ticks)
        {
            Wake();
        }
    }

    /// <summary>Ends the stream for good.</summary>
    public void Ban()
    {
        IsBanned = true;
        End();
    }

    /// <inheritdoc/>
    public void Dispose() => _sha256.Dispose();

    private void End()
    {
        _isEnding = true;
        stream.Input.CancelPendingRead();
        _wake.Set();
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            TransferMessages.WriteOpening(stream.Output, transfer.Plan.Scope, transfer.UplinkBytesPerSecond, transfer.Map);
            do
            {
                if (Outgoing.WriteTo(stream.Output))
                {
                    Interlocked.Exchange(ref _toldAt, transfer.Now.Ticks);
                }

                var flushed = await stream.Output.FlushAsync(cancellationToken);
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    return;
                }

                await _wake.WaitAsync();
            }
            while (!_isEnding);
        }
        finally
        {
            // What is not asked for does not come.
            End();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (!_isEnding)
        {
            var read = await stream.Input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            _isReceiving = true;
            try
            {
                while (!_isEnding && TransferFrame.TryRead(buffer, TransferFrame.LimitBytes, out var kind, out var content))
                {
                    Receive(kind, content);
                    buffer = buffer.Slice(content.End);
                }
            }
            finally
            {
                _isReceiving = false;
                Interlocked.MemoryBarrier();
                if (_isWakeWanted)
                {
                    _isWakeWanted = false;
                    _wake.Set();
                }

                stream.Input.AdvanceTo(buffer.Start, buffer.End);
            }

            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private void Receive(TransferFrameKind kind, in ReadOnlySequence<byte> content)
    {
        switch (kind)
        {
            case TransferFrameKind.Block:
                ReceiveBlock(TransferMessages.ReadBlock(content, transfer.Map));
                break;
            case TransferFrameKind.Have or TransferFrameKind.Claim or TransferFrameKind.Release or TransferFrameKind.Refuse:
                HasTold |= kind != TransferFrameKind.Refuse;
                transfer.Told(this, kind, BlockRun.Read(content, transfer.Map.Blocks));
                break;
            case TransferFrameKind.HaveAll when content.IsEmpty:
                HasTold = true;
                transfer.HasAll(this);
                break;
            case TransferFrameKind.Uplink:
                transfer.UplinkIs(this, TransferMessages.ReadUplink(content));
                break;
            case TransferFrameKind.Peers:
                transfer.Meet(TransferMessages.ReadPeers(content));
                break;
            default:
                throw new TransferViolationException("A holder sent what only a receiver sends.");
        }
    }

    private void ReceiveBlock(in BlockMessage message)
    {
        // It crossed a cancel, or came from another meanwhile.
        if (!transfer.Awaits(message.Block) && ++_unasked > MaxUnasked)
        {
            throw new TransferViolationException("A holder sends what nobody asked for.");
        }

        if (!transfer.Lacks(message.Block))
        {
            TransferMetrics.RepeatedBytes.Add(message.Bytes.Length);
            return;
        }

        Span<byte> proof = stackalloc byte[BlockTree.MaxProofHashes * ContentHash.LengthBytes];
        Span<byte> hash = stackalloc byte[ContentHash.LengthBytes];
        proof = proof[..(int)message.Proof.Length];
        var bytes = _block.AsSpan(0, (int)message.Bytes.Length);
        message.Proof.CopyTo(proof);
        message.Bytes.CopyTo(bytes);
        BlockTree.HashBlock(bytes, _sha256, hash);
        HasDelivered |= transfer.Arrived(this, message.Block, bytes, hash, proof);
    }
}
