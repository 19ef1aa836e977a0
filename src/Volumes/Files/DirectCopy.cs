using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Panal.Volumes.Files;

/// <summary>
/// Copies to the beginning of a file past the page cache. New pages would be the dearest thing about the copy: each is taken, filled and
/// written back once, and on virtual machines the host makes it at its first touch (docs/decisions/2026-11-25-settle-past-the-page-cache.md).
/// </summary>
internal static class DirectCopy
{
    /// <summary>Shorter copies gain nothing.</summary>
    public const long LeastBytes = 64 * 1024;

    private const int StepBytes = 1 << 20;
    private const int BlockBytes = 4096;        // the alignment that every disk of today takes

    // Usually one copy runs at a time, the settler's; others at the same moment take a buffer of their own.
    private static byte[]? s_idle;

    /// <summary>False, with nothing to undo, where the file system takes no direct writes.</summary>
    public static bool TryCopy(DiskFile source, long sourceOffset, DiskFile target, long lengthBytes)
    {
        if (!target.TrySetDirect(isDirect: true))
        {
            return false;
        }

        var buffer = Interlocked.Exchange(ref s_idle, null) ?? GC.AllocateUninitializedArray<byte>(StepBytes + BlockBytes, pinned: true);
        try
        {
            return TryCopy(source, sourceOffset, target, lengthBytes, Aligned(buffer));
        }
        finally
        {
            target.TrySetDirect(isDirect: false);
            Volatile.Write(ref s_idle, buffer);
        }
    }

    // The bytes behind the last whole block go the usual way: to write a whole block and cut it off again makes the file system read that block
    // from the disk while everybody waits, and write it a second time.
    private static bool TryCopy(DiskFile source, long sourceOffset, DiskFile target, long lengthBytes, Span<byte> buffer)
    {
        for (long offset = 0; offset < lengthBytes;)
        {
            var length = (int)Math.Min(lengthBytes - offset, StepBytes);
            if (source.Read(buffer[..length], sourceOffset + offset) < length)
            {
                throw new StorageFailedException("A file is shorter than the log says.");
            }

            var whole = length & ~(BlockBytes - 1);
            if (!target.TryWriteDirectly(buffer[..whole], offset))
            {
                return false;
            }

            if (whole < length)
            {
                target.TrySetDirect(isDirect: false);
                target.Write(buffer[whole..length], default, offset + whole);
            }

            offset += length;
        }

        return true;
    }

    private static Span<byte> Aligned(byte[] pinned)
    {
        ref var first = ref MemoryMarshal.GetArrayDataReference(pinned);
        nint address;
        unsafe
        {
            address = (nint)Unsafe.AsPointer(ref first);
        }

        return pinned.AsSpan((int)(-address & (BlockBytes - 1)), StepBytes);
    }
}
