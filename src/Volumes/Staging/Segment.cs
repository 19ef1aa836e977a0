using System.Runtime.InteropServices;

namespace Panal.Volumes.Staging;

/// <summary>
/// One recycled file of the staging log. Rented by one writer at a time; readers of staged objects come and go.
/// </summary>
/// <param name="number">Names its file.</param>
/// <param name="file">The file, open for reading and writing.</param>
/// <param name="capacityBytes">Its length.</param>
/// <param name="onHandedOut">Called when its bytes are handed to a socket for the first time.</param>
internal sealed class Segment(int number, IVolumeFile file, long capacityBytes, Action<Segment> onHandedOut)
{
    private ulong _readableGeneration;
    private int _readers;
    private int _pendingNotes;
    private bool _isHandedOut;
    private bool _isReleased;

    public int Number => number;

    public IVolumeFile File => file;

    public long CapacityBytes => capacityBytes;

    public ulong Generation { get; private set; }

    /// <summary>Where the next frame goes, in bytes.</summary>
    public long Position { get; set; }

    public long RoomBytes => capacityBytes - Position;

    /// <summary>The objects committed here since the segment was opened; guarded by the lock of the pool.</summary>
    public List<StagedObject> Objects { get; } = [];

    /// <summary>The objects of the life that ended, readable until the next begins; of the settler, then of the renter.</summary>
    public List<StagedObject> Recent { get; } = [];

    public long FirstCommitTimestamp { get; set; }

    /// <summary>An error happened here: what was committed is still settled, then the file is removed.</summary>
    public bool IsWithdrawn { get; set; }

    /// <summary>
    /// Bytes of it were handed to a socket. The kernel reads them when they leave, again when they are lost on the way, and on the loopback when they are
    /// received: its file is never written anew.
    /// </summary>
    public bool IsHandedOut => Volatile.Read(ref _isHandedOut);

    /// <summary>Everything in it is durable elsewhere.</summary>
    public bool IsReleased => Volatile.Read(ref _isReleased);

    /// <summary>One page of scratch for the renter.</summary>
    public byte[] Page { get; } = GC.AllocateUninitializedArray<byte>(SegmentFormat.PageBytes, pinned: true);

    /// <summary>True while a committed object's note may not be in the catalogue yet.</summary>
    public bool HasPendingNotes => Volatile.Read(ref _pendingNotes) != 0;

    public void NotePending() => Interlocked.Increment(ref _pendingNotes);

    public void NoteApplied() => Interlocked.Decrement(ref _pendingNotes);

    /// <summary>Begins a new life: everything that was in the segment no longer counts. Nobody may read there any more.</summary>
    public void Open(ulong generation)
    {
        Volatile.Write(ref _isReleased, false);
        SegmentFormat.WriteHeader(Page, new(generation, SegmentState.Open, capacityBytes));
        file.Write(Page, default, 0);
        Reopen(generation, SegmentFormat.PageBytes);
    }

    /// <summary>Takes over a segment as it was found at start-up.</summary>
    public void Reopen(ulong generation, long position)
    {
        Generation = generation;
        Position = position;
        Interlocked.Exchange(ref _readableGeneration, generation);
    }

    /// <summary>Sends readers to the final files; nobody reads here when it returns.</summary>
    public void EndReading()
    {
        Interlocked.Exchange(ref _readableGeneration, 0);
        SpinWait.SpinUntil(() => Volatile.Read(ref _readers) == 0);      // a read takes microseconds, seldom a disk access
    }

    /// <summary>Everything in it is durable elsewhere; whoever hands out bytes from now on knows.</summary>
    public void Release() => Interlocked.Exchange(ref _isReleased, true);

    /// <summary>Ends this life durably; its bytes stay readable until the next one begins.</summary>
    public void EndLife()
    {
        SegmentFormat.WriteHeader(Page, new(Generation, SegmentState.Released, capacityBytes));
        file.Write(Page, default, 0);
        file.SyncData();
        Position = SegmentFormat.PageBytes;
    }

    /// <summary>Reads staged bytes; false if that life of the segment has ended and the bytes are elsewhere.</summary>
    public bool TryRead(ulong generation, Span<byte> buffer, long offset, out int read)
    {
        read = 0;
        var isReadable = TryEnter(generation);
        try
        {
            read = isReadable ? file.Read(buffer, offset) : 0;
            return isReadable;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Hands staged bytes to a socket, as many as it takes now; false if that life of the segment has ended and the bytes are elsewhere.</summary>
    public bool TrySend(ulong generation, SafeHandle socket, long offset, long lengthBytes, out long sent)
    {
        sent = 0;
        var isReadable = TryEnter(generation);
        try
        {
            if (isReadable)
            {
                HandOut();
                sent = file.SendTo(socket, offset, lengthBytes);
            }

            return isReadable;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Notes that bytes of it are, or may be, on their way out of the kernel.</summary>
    public void HandOut()
    {
        if (!Interlocked.Exchange(ref _isHandedOut, true))
        {
            onHandedOut(this);
        }
    }

    private bool TryEnter(ulong generation)
    {
        Interlocked.Increment(ref _readers);
        return Volatile.Read(ref _readableGeneration) == generation;
    }

    private void Leave() => Interlocked.Decrement(ref _readers);
}
