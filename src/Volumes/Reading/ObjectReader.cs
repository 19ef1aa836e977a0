using System.Runtime.InteropServices;
using Panal.Volumes.Online;
using Panal.Volumes.Staging;

namespace Panal.Volumes;

/// <summary>
/// Reads one object, wherever it is: from the log while it is staged, from its file afterwards; the change in the
/// middle of a read is not seen. Not for several threads at once, except <see cref="ReadAt"/>.
/// </summary>
public sealed class ObjectReader : Stream
{
    /// <summary>A slice whole; of what is longer as much as the disk brings while another slice is sent, the kernel goes on by itself.</summary>
    private const long AheadBytes = 2 << 20;

    private readonly VolumeSet _volumes;
    private readonly StagedObject? _staged;
    private readonly VolumeId _volume;
    private readonly string _path;
    private readonly long _lengthBytes;
    private readonly Lock _opening = new();
    private volatile IVolumeFile? _file;
    private long _position;
    private bool _isDisposed;

    internal ObjectReader(VolumeSet volumes, StagedObject staged)
    {
        (_volumes, _staged, _path, _volume, _lengthBytes) = (volumes, staged, staged.Path, staged.Volume.Id, staged.LengthBytes);
    }

    internal ObjectReader(VolumeSet volumes, VolumeId volume, string path)
    {
        (_volumes, _path, _volume) = (volumes, path, volume);
        _file = volumes.Open(volume, path);
        _lengthBytes = _file.LengthBytes;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => _lengthBytes;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    /// <summary>Reads at an offset until the buffer is full or the object ends; returns the bytes read.</summary>
    /// <exception cref="ObjectMissingException">The object was deleted meanwhile.</exception>
    /// <exception cref="StorageFailedException">The disk fails.</exception>
    public int ReadAt(Span<byte> buffer, long offset)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (offset >= _lengthBytes)
        {
            return 0;
        }

        buffer = buffer[..(int)Math.Min(buffer.Length, _lengthBytes - offset)];
        if (_file is { } file)
        {
            return file.Read(buffer, offset);
        }

        if (_staged is { Kind: FrameKind.Object } staged
            && staged.Segment!.TryRead(staged.Generation, buffer, staged.DataOffset + offset, out var read))
        {
            return read;
        }

        return OpenFile().Read(buffer, offset);
    }

    /// <summary>
    /// Hands bytes to a socket without reading them into this process, as many as it takes now; zero if that is none, or where bytes cannot be handed on so: they
    /// are to be read then. The kernel reads them when they leave, which may be later: no file that they stand in is ever written anew.
    /// </summary>
    /// <exception cref="ObjectMissingException">The object was deleted meanwhile.</exception>
    public long SendTo(SafeHandle socket, long offset, long lengthBytes)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        lengthBytes = Math.Min(lengthBytes, _lengthBytes - offset);
        if (lengthBytes <= 0)
        {
            return 0;
        }

        if (_file is null && _staged is { Kind: FrameKind.Object } staged
            && staged.Segment!.TrySend(staged.Generation, socket, staged.DataOffset + offset, lengthBytes, out var sent))
        {
            return sent;
        }

        return (_file ?? OpenFile()).SendTo(socket, offset, lengthBytes);
    }

    /// <summary>Advice: bring the beginning of the object from the disk meanwhile, for it will be read soon. What the log still has is in memory.</summary>
    public void ReadAhead() => _file?.ReadAhead(0, Math.Min(_lengthBytes, AheadBytes));

    /// <summary>Advice: forget the object in memory, so that the next reads come from the disk.</summary>
    internal void DropCache()
    {
        if (_file is { } file)
        {
            file.DropCache(0, _lengthBytes);
        }
        else if (_staged is { Kind: FrameKind.Object } staged)
        {
            staged.Segment!.File.DropCache(staged.DataOffset, _lengthBytes);
        }
    }

    // Once only: the bytes stay readable through the open file, even if it is deleted.
    private IVolumeFile OpenFile()
    {
        lock (_opening)
        {
            if (_file is not null)
            {
                return _file;
            }

            var isPart = _staged is { Kind: FrameKind.LargeObject };
            var volume = _staged?.Volume.Id ?? _volume;
            _file = isPart ? _staged!.Volume.TryOpenPart(_staged.Part) ?? _volumes.Open(volume, _path) : _volumes.Open(volume, _path);
            return _file;
        }
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var read = ReadAt(buffer, _position);
        _position += read;
        return read;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : ValueTask.FromResult(Read(buffer.Span));

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => _lengthBytes + offset,
    };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        if (disposing)
        {
            _file?.Dispose();
        }

        base.Dispose(disposing);
    }
}
