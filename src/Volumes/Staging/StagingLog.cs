using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Panal.Volumes.Online;

namespace Panal.Volumes.Staging;

/// <summary>What is staged: from the path of an object to its place in the log.</summary>
internal sealed class StagingLog(SegmentPool pool, VolumeSet volumes, IVolumeFiles files, VolumeStoreOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, StagedObject> _objects = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<WriteBuffer> _buffers = [];
    private long _sequence;
    private long _part;
    private long _stagedBytes;
    private long _lastCommitTimestamp;

    /// <summary>More idle buffers than lanes are of no use.</summary>
    private const int IdleBufferLimit = 16;

    public SegmentPool Pool => pool;

    public VolumeSet Volumes => volumes;

    public IVolumeFiles Files => files;

    public VolumeStoreOptions Options => options;

    public TimeProvider Time => time;

    public long StagedBytes => Volatile.Read(ref _stagedBytes);

    public int StagedObjects => _objects.Count;

    /// <summary>Numbers continue behind those that were found at start-up.</summary>
    public void ContinueAfter(ulong sequence, ulong part) => (_sequence, _part) = ((long)sequence, (long)part);

    public ulong NextSequence() => (ulong)Interlocked.Increment(ref _sequence);

    public ulong NextPart() => (ulong)Interlocked.Increment(ref _part);

    public WriteBuffer RentBuffer() => _buffers.TryTake(out var buffer) ? buffer : new WriteBuffer();

    public void ReturnBuffer(WriteBuffer buffer)
    {
        buffer.Reset();
        if (_buffers.Count < IdleBufferLimit)
        {
            _buffers.Add(buffer);
        }
        else
        {
            buffer.Dispose();
        }
    }

    /// <summary>Takes a path before its object is written; nobody else can have it until it is forgotten.</summary>
    /// <exception cref="ObjectExistsException">It is taken, here or on a volume.</exception>
    public void Reserve(StagedObject staged)
    {
        if (!_objects.TryAdd(staged.Path, staged))
        {
            throw new ObjectExistsException();
        }

        if (volumes.Find(staged.Volume.Id, staged.Path) is not null)
        {
            Forget(staged);
            throw new ObjectExistsException();
        }
    }

    /// <summary>Called by the renter of the segment when the sync has returned.</summary>
    public void Committed(StagedObject staged, Segment segment, long frameOffset, long lengthBytes, ContentHash hash)
    {
        var now = time.GetTimestamp();
        Volatile.Write(ref _lastCommitTimestamp, now);
        Interlocked.Add(ref _stagedBytes, lengthBytes);
        staged.Commit(segment, frameOffset, lengthBytes, hash);
        pool.Committed(segment, staged, now);
    }

    /// <summary>Takes over an object that was found at start-up; its segment knows it already.</summary>
    public void Adopt(StagedObject staged)
    {
        _objects[staged.Path] = staged;
        Interlocked.Add(ref _stagedBytes, staged.LengthBytes);
    }

    public bool TryGet(string path, [NotNullWhen(true)] out StagedObject? staged) =>
        _objects.TryGetValue(path, out staged) && staged.IsCommitted;

    /// <summary>The object is not staged any more: settled, deleted, or given up before its commit.</summary>
    public void Forget(StagedObject staged)
    {
        if (_objects.TryRemove(KeyValuePair.Create(staged.Path, staged)) && staged.IsCommitted)
        {
            Interlocked.Add(ref _stagedBytes, -staged.LengthBytes);
        }
    }

    /// <summary>
    /// Deletes a staged object: a durable mark in its frame first, so that no replay brings it back, then what the
    /// settler may have made of it. False if it was not staged any more; then its file is final.
    /// </summary>
    public bool TryDelete(string path)
    {
        if (!TryGet(path, out var staged))
        {
            return false;
        }

        lock (staged)
        {
            if (staged.IsDeleted || !TryGet(path, out var current) || current != staged)
            {
                return staged.IsDeleted;
            }

            var segment = staged.Segment!;
            Span<byte> mark = stackalloc byte[sizeof(uint)];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(mark, SegmentFormat.VoidMark);
            segment.File.Write(mark, default, staged.FrameOffset + SegmentFormat.VoidMarkOffset);
            segment.File.SyncData();
            staged.IsDeleted = true;
            if (staged.IsPlaced)
            {
                staged.Volume.Delete(path);
            }
            else if (staged.Kind == FrameKind.LargeObject)
            {
                staged.Volume.DeletePart(staged.Part);
            }

            Forget(staged);
            return true;
        }
    }

    /// <summary>A new exception of the same kind: one that has been thrown is not thrown again elsewhere.</summary>
    public static IOException Renew(IOException error) =>
        error is StorageFullException ? new StorageFullException(error.Message) : new StorageFailedException(error.Message);
}
