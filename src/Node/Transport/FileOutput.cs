using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Panal.Archive.Retrieve;
using Panal.DicomWeb.Answers;

namespace Panal.Node.Transport;

/// <summary>
/// The way out of a connection without TLS. What is written is sent when it is flushed, at once and by who flushes; between that, parts of files leave
/// without passing through this process (docs/decisions/2026-11-27-files-leave-by-the-kernel.md).
/// </summary>
internal sealed class FileOutput : PipeWriter, IFileOutput, IDisposable
{
    private readonly PipeWriter _below;
    private readonly Socket _socket;
    private readonly MemoryPool<byte> _pool;
    private readonly List<IMemoryOwner<byte>> _blocks = [];
    private readonly List<ArraySegment<byte>> _toSend = [];
    private Part? _part;
    private bool _isAdvanced;       // over the part; the server leaves the body of some answers out
    private int _blockBegin;        // where in the last block what is not in the list yet begins
    private int _blockEnd;
    private long _unflushedBytes;
    private volatile bool _isSending;
    private bool _isBroken;

    private sealed record Part(StoredFile File, long OffsetBytes, int LengthBytes);

    /// <param name="below">The way out as it was; it sends what is left when this is completed, and ends the connection.</param>
    /// <param name="socket">Nobody else sends over it meanwhile.</param>
    /// <param name="pool">Gives blocks that are arrays.</param>
    public FileOutput(PipeWriter below, Socket socket, MemoryPool<byte> pool) => (_below, _socket, _pool) = (below, socket, pool);

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _unflushedBytes;

    /// <summary>Serves a connection whose bytes go to its socket as they are.</summary>
    public static async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
        var pool = connection.Features.Get<IMemoryPoolFeature>()?.MemoryPool;
        if (socket is null || pool is null)
        {
            await next(connection).ConfigureAwait(false);
            return;
        }

        var transport = connection.Transport;
        using var output = new FileOutput(transport.Output, socket, pool);
        connection.Transport = new Duplex(transport.Input, output);
        connection.Features.Set<IFileOutput>(output);
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    /// <inheritdoc/>
    public void Append(StoredFile file, long offsetBytes, int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        _part = _part is null ? new Part(file, offsetBytes, lengthBytes) : throw new InvalidOperationException("What was appended has not been flushed.");
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        var neededBytes = Math.Max(1, sizeHint);
        if (_blocks.Count == 0 || _blocks[^1].Memory.Length - _blockEnd < neededBytes)
        {
            EndBlock();
            _blocks.Add((neededBytes <= _pool.MaxBufferSize ? _pool : MemoryPool<byte>.Shared).Rent(neededBytes));
            (_blockBegin, _blockEnd) = (0, 0);
        }

        return _blocks[^1].Memory[_blockEnd..];
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        if (_part is null)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(bytes);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _blocks.Count == 0 ? 0 : _blocks[^1].Memory.Length - _blockEnd);
            _blockEnd += bytes;
        }
        else
        {
            _isAdvanced = bytes == _part.LengthBytes && !_isAdvanced
                ? true
                : throw new InvalidOperationException("Nothing but the part of a file that was appended can be written before it is flushed.");
        }

        _unflushedBytes += bytes;
    }

    /// <summary>Sends everything; when it has returned, the kernel has all of it. What is cancelled is the connection, by its owner.</summary>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var part = _isAdvanced ? _part : null;
        (_part, _isAdvanced) = (null, false);
        _isSending = true;
        try
        {
            EndBlock();
            if (!_isBroken)
            {
                await SendWrittenAsync().ConfigureAwait(false);
                if (part is not null)
                {
                    await SendAsync(part).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _isBroken = true;       // the side that receives hears why
        }
        finally
        {
            Clear();
            _isSending = false;
        }

        return new FlushResult(isCanceled: false, isCompleted: _isBroken);
    }

    /// <summary>Does nothing: what the kernel has cannot be taken back.</summary>
    public override void CancelPendingFlush()
    {
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        if (!_isSending)
        {
            EndBlock();
            _toSend.ForEach(written => _below.Write(written));
            Clear();
        }

        _below.Complete(exception);
    }

    /// <summary>Gives back what was not flushed. What is being sent is given back when it has been: others would write over it.</summary>
    public void Dispose()
    {
        if (!_isSending)
        {
            Clear();
        }
    }

    private async ValueTask SendWrittenAsync()
    {
        if (_toSend.Count == 1)
        {
            await _socket.SendAsync(_toSend[0].AsMemory(), CancellationToken.None).ConfigureAwait(false);
        }
        else if (_toSend.Count > 1)
        {
            await _socket.SendAsync(_toSend, SocketFlags.None).ConfigureAwait(false);
        }
    }

    private async ValueTask SendAsync(Part part)
    {
        for (long sent = 0; sent < part.LengthBytes;)
        {
            var handed = part.File.SendTo(_socket.SafeHandle, part.OffsetBytes + sent, part.LengthBytes - sent);
            sent += handed > 0 ? handed : await SendBlockAsync(part, sent).ConfigureAwait(false);
        }
    }

    // The usual way waits until the socket takes more, and tells what is wrong with it or with the file.
    private async ValueTask<int> SendBlockAsync(Part part, long sentBytes)
    {
        using var block = _pool.Rent();
        part.File.Bytes.Position = part.OffsetBytes + sentBytes;
        var read = part.File.Bytes.Read(block.Memory.Span[..(int)Math.Min(block.Memory.Length, part.LengthBytes - sentBytes)]);
        if (read == 0)
        {
            throw new EndOfStreamException("A stored file is shorter than the catalogue says");
        }

        await _socket.SendAsync(block.Memory[..read], CancellationToken.None).ConfigureAwait(false);
        return read;
    }

    private void EndBlock()
    {
        if (_blockEnd > _blockBegin)
        {
            _toSend.Add(MemoryMarshal.TryGetArray<byte>(_blocks[^1].Memory[_blockBegin.._blockEnd], out var written)
                ? written
                : throw new InvalidOperationException("The blocks of the pool are no arrays."));
            _blockBegin = _blockEnd;
        }
    }

    private void Clear()
    {
        _blocks.ForEach(static block => block.Dispose());
        _blocks.Clear();
        _toSend.Clear();
        (_blockBegin, _blockEnd, _unflushedBytes) = (0, 0, 0);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
