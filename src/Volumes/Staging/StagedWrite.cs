using System.Buffers;
using System.Text;
using Panal.Volumes.Online;
using Panal.Volumes.Staging;

namespace Panal.Volumes;

/// <summary>
/// One object on its way in: bytes are hashed and written as they come, and durable when
/// <see cref="CommitAsync"/> returns. Dispose it only when the note has reached the catalogue: until then its record
/// stays in the log and would be replayed. Disposed without commit, it leaves nothing. Not for several threads at once.
/// </summary>
public sealed class StagedWrite : IAsyncDisposable
{
    /// <summary>Pieces of at least this length go to the file as they are; copying shorter ones saves calls.</summary>
    private const int DirectBytes = 32 * 1024;

    /// <summary>A file of its own is sent to the disk in steps of this length, so that its last sync is short.</summary>
    private const long WritebackBytes = 8L << 20;

    private const int PageMask = SegmentFormat.PageBytes - 1;

    private readonly StagingLog _log;
    private readonly VolumeGroup _group;
    private WriteBuffer? _buffer;
    private int _buffered;                  // bytes in the buffer, not written yet
    private long _written;                  // bytes of the object in the target, a multiple of a page until the commit
    private long _lengthBytes;
    private Segment? _segment;              // rented
    private PartFile? _part;
    private ContentHash? _hash;
    private Segment? _committedTo;
    private bool _isOver;

    private sealed record PartFile(Volume Volume, ulong Number, IVolumeFile File)
    {
        public bool IsFinished { get; set; }
    }

    internal StagedWrite(StagingLog log, VolumeGroup group)
    {
        _log = log;
        _group = group;
    }

    /// <summary>Bytes written so far.</summary>
    public long LengthBytes => _lengthBytes;

    /// <summary>Writes the bytes behind those already written; allocates nothing unless it has to wait for room.</summary>
    /// <exception cref="StorageFullException">No room is left and none can be made.</exception>
    /// <exception cref="StorageFailedException">The disk fails.</exception>
    public ValueTask WriteAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.IsSingleSegment)
        {
            return WriteAsync(bytes.First, cancellationToken);
        }

        var position = bytes.Start;
        while (bytes.TryGet(ref position, out var memory))
        {
            Hash(memory.Span);
            if (!TryAppend(memory.Span))
            {
                return WriteRestAsync(memory, bytes.Slice(position), cancellationToken);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc cref="WriteAsync(ReadOnlySequence{byte}, CancellationToken)"/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Hash(bytes.Span);
        return TryAppend(bytes.Span) ? ValueTask.CompletedTask : WriteRestAsync(bytes, ReadOnlySequence<byte>.Empty, cancellationToken);
    }

    private async ValueTask WriteRestAsync(ReadOnlyMemory<byte> hashed, ReadOnlySequence<byte> rest, CancellationToken cancellationToken)
    {
        do
        {
            _segment = await _log.Pool.RentAsync(Need(_buffered + hashed.Length), isBrief: false, cancellationToken);
            if (_segment is null)
            {
                MoveToPart();       // every lane is with a slow writer
            }
        }
        while (!TryAppend(hashed.Span));

        if (!rest.IsEmpty)
        {
            await WriteAsync(rest, cancellationToken);
        }
    }

    /// <summary>The hash of all bytes; nothing can be written afterwards.</summary>
    public ContentHash Seal()
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        return _hash ??= (_buffer ??= _log.RentBuffer()).Hasher.Complete();
    }

    /// <summary>
    /// Makes the object, its path and its note durable together, and visible to readers. After
    /// <see cref="ObjectExistsException"/> it may be repeated with another path; after any other error the object is gone.
    /// </summary>
    /// <param name="path">Relative path of the object; see <see cref="SafePath.IsValid"/>.</param>
    /// <param name="note">What the catalogue must know; replayed after a crash. At most 1 MiB.</param>
    /// <param name="cancellationToken">Ends the wait for room; not the write itself.</param>
    /// <exception cref="ArgumentException">The path or the note is not acceptable.</exception>
    /// <exception cref="ObjectExistsException">The path is taken.</exception>
    /// <exception cref="StorageFullException">No room is left and none can be made.</exception>
    /// <exception cref="StorageFailedException">The disk fails, or every volume has failed.</exception>
    public async ValueTask<StoredObject> CommitAsync(string path, ReadOnlyMemory<byte> note, CancellationToken cancellationToken)
    {
        if (!SafePath.IsValid(path))
        {
            throw new ArgumentException("This is not a path for an object.", nameof(path));
        }

        if (note.Length > SegmentFormat.NoteLimitBytes)
        {
            throw new ArgumentException("The note is too long.", nameof(note));
        }

        var hash = Seal();
        var pathBytes = Encoding.UTF8.GetBytes(path);
        await FindRoomForRecordAsync(pathBytes.Length + note.Length, cancellationToken);
        var staged = new StagedObject(path)
        {
            Volume = _part?.Volume ?? _group.Writable(),
            Kind = _part is null ? FrameKind.Object : FrameKind.LargeObject,
            Part = _part?.Number ?? 0,
        };
        _log.Reserve(staged);
        try
        {
            WriteRecord(staged, pathBytes, note.Span, hash);
        }
        catch (IOException)
        {
            _log.Forget(staged);
            _segment!.IsWithdrawn = true;        // after a failed sync nobody knows what reached the disk
            _isOver = true;
            throw;
        }

        _isOver = true;
        _committedTo = _segment;
        _part?.File.Dispose();
        (_segment, _part) = (null, null);
        _log.Pool.Return(_committedTo!);
        ReturnBuffer();
        return new StoredObject(staged.Volume.Id, path, _lengthBytes, hash);
    }

    private async ValueTask FindRoomForRecordAsync(int recordBytes, CancellationToken cancellationToken)
    {
        if (_part is null && _segment is not null && _segment.RoomBytes < Need(_buffered + recordBytes))
        {
            ChangeTarget(Need(_buffered + recordBytes));
        }

        FinishPart();
        while (_segment is null)
        {
            var need = _part is null ? Need(_buffered + recordBytes) : SegmentFormat.PageBytes + SegmentFormat.RoundUp(recordBytes);
            _segment = await _log.Pool.RentAsync(need, isBrief: true, cancellationToken);
        }
    }

    // The one place where an object becomes durable: tail, frame, sync.
    private void WriteRecord(StagedObject staged, byte[] path, ReadOnlySpan<byte> note, ContentHash hash)
    {
        var segment = _segment!;
        var frameOffset = segment.Position;
        var dataOffset = frameOffset + SegmentFormat.PageBytes;
        var stagedBytes = _part is null ? _lengthBytes : 0;
        var lastBytes = _part is null ? _buffer!.Bytes.AsSpan(0, _buffered) : default;
        var end = SegmentFormat.RoundUp(dataOffset + stagedBytes + path.Length + note.Length);
        var tailBytes = (int)(end - dataOffset - stagedBytes);
        var tail = ArrayPool<byte>.Shared.Rent(tailBytes);
        try
        {
            path.CopyTo(tail.AsSpan());
            note.CopyTo(tail.AsSpan(path.Length));
            tail.AsSpan(path.Length + note.Length, tailBytes - path.Length - note.Length).Clear();
            segment.File.Write(lastBytes, tail.AsSpan(0, tailBytes), dataOffset + stagedBytes - lastBytes.Length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(tail);
        }

        var checksum = SegmentFormat.Checksum(SegmentFormat.Checksum(0, path), note);
        SegmentFormat.WriteFrame(segment.Page, new Frame(
            staged.Kind, segment.Generation, _log.NextSequence(), _lengthBytes, stagedBytes, path.Length, note.Length,
            staged.Part, staged.Volume.Id.Value, hash, checksum));
        segment.File.Write(segment.Page, default, frameOffset);
        segment.File.SyncData();
        segment.Position = end;
        segment.NotePending();
        _log.Committed(staged, segment, frameOffset, _lengthBytes, hash);
    }

    private void Hash(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        if (_hash is not null)
        {
            throw new InvalidOperationException("The object is sealed.");
        }

        (_buffer ??= _log.RentBuffer()).Hasher.Append(bytes);
        _lengthBytes += bytes.Length;
    }

    // Gathers small pieces and passes large ones on, always in whole pages; false if room must be awaited first.
    private bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        var buffer = _buffer!.Bytes;
        if (bytes.Length < DirectBytes && _buffered + bytes.Length < buffer.Length)
        {
            bytes.CopyTo(buffer.AsSpan(_buffered));
            _buffered += bytes.Length;
            return true;
        }

        var total = (long)_buffered + bytes.Length;
        var whole = total & ~(long)PageMask;
        if (!HasRoomFor(whole))
        {
            return false;
        }

        var direct = bytes[..(int)(whole - _buffered)];
        Write(buffer.AsSpan(0, _buffered), direct);
        _buffered = (int)(total - whole);
        bytes[direct.Length..].CopyTo(buffer);
        return true;
    }

    private bool HasRoomFor(long bytes)
    {
        if (_part is null && _written + bytes > _log.Options.LargeObjectBytes)
        {
            MoveToPart();
        }
        else if (_part is null && _segment is null)
        {
            _segment = _log.Pool.TryRent(Need(bytes), isBrief: false);
            return _segment is not null;
        }
        else if (_segment is not null && _segment.RoomBytes < Need(bytes))
        {
            ChangeTarget(Need(bytes));
        }

        return true;
    }

    // Room in a segment for what is written there and these bytes more.
    private long Need(long bytes) => SegmentFormat.PageBytes + SegmentFormat.RoundUp(_written + bytes);

    // The rented segment is too short for this object: another one if it can be had at once. Waiting while holding a
    // segment could lock writers against one another, so the other way out is a file of its own.
    private void ChangeTarget(long neededBytes)
    {
        var fresh = _log.Pool.TryRent(neededBytes, isBrief: true);
        if (fresh is null)
        {
            MoveToPart();
            return;
        }

        var old = _segment!;
        _segment = fresh;
        try
        {
            _log.Files.Copy(
                old.File, old.Position + SegmentFormat.PageBytes, fresh.File, fresh.Position + SegmentFormat.PageBytes, _written);
        }
        finally
        {
            _log.Pool.Return(old);
        }
    }

    private void MoveToPart()
    {
        var volume = _group.Writable();
        var number = _log.NextPart();
        try
        {
            _part = new PartFile(volume, number, volume.CreatePart(number));
            if (_written > 0)
            {
                _log.Files.Copy(_segment!.File, _segment.Position + SegmentFormat.PageBytes, _part.File, 0, _written);
            }
        }
        catch (IOException error)
        {
            volume.WriteFailed(error);
            throw;
        }
        finally
        {
            if (_segment is not null)
            {
                _log.Pool.Return(_segment);
                _segment = null;
            }
        }
    }

    private void FinishPart()
    {
        if (_part is null || _part.IsFinished)
        {
            return;
        }

        Write(_buffer!.Bytes.AsSpan(0, _buffered), default);
        _buffered = 0;
        try
        {
            _part.File.SyncData();
            _part.Volume.SyncParts();
            _part.IsFinished = true;
        }
        catch (IOException error)
        {
            _part.Volume.WriteFailed(error);
            throw;
        }
    }

    private void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var before = _written;
        try
        {
            if (_part is null)
            {
                _segment!.File.Write(first, second, _segment.Position + SegmentFormat.PageBytes + _written);
            }
            else
            {
                _part.File.Write(first, second, _written);
            }
        }
        catch (IOException error)
        {
            _part?.Volume.WriteFailed(error);
            _segment?.IsWithdrawn = true;
            throw;
        }

        _written += first.Length + second.Length;
        if (before / WritebackBytes != _written / WritebackBytes)
        {
            _part?.File.StartWriteback(before / WritebackBytes * WritebackBytes, WritebackBytes);
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer is not null)
        {
            _log.ReturnBuffer(_buffer);
            _buffer = null;
        }
    }

    /// <summary>
    /// Hands over the duty to say when the note has reached the catalogue: disposing the write no longer says so. Only after the commit.
    /// </summary>
    /// <exception cref="InvalidOperationException">Nothing was committed, or it was handed over before.</exception>
    public StagedNote DetachNote()
    {
        var note = new StagedNote(_committedTo ?? throw new InvalidOperationException("There is no note that waits for the catalogue."));
        _committedTo = null;
        return note;
    }

    /// <summary>Ends the write: gives up what was not committed, lets go of the record of what was.</summary>
    public ValueTask DisposeAsync()
    {
        _isOver = true;
        _committedTo?.NoteApplied();
        _committedTo = null;
        if (_segment is not null)
        {
            _log.Pool.Return(_segment);
            _segment = null;
        }

        if (_part is not null)
        {
            _part.File.Dispose();
            _part.Volume.DeletePart(_part.Number);
            _part = null;
        }

        ReturnBuffer();
        return ValueTask.CompletedTask;
    }
}
