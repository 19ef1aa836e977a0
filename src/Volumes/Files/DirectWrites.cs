namespace Panal.Volumes.Files;

/// <summary>
/// Writes past the page cache. New pages would be the dearest thing about the copy: each is taken, filled and
/// written back once, and on virtual machines the host makes it at its first touch (docs/decisions/2026-11-25-settle-past-the-page-cache.md).
/// </summary>
internal static class DirectWrites
{
    /// <summary>Shorter copies gain nothing.</summary>
    public const long LeastBytes = 64 * 1024;

    private const int BlockBytes = 4096;        // the alignment that every disk of today takes

    /// <summary>Copies to the beginning of a file; false, with nothing to undo, where the file system takes no direct writes.</summary>
    public static bool TryCopy(DiskFile source, long sourceOffset, DiskFile target, long lengthBytes)
    {
        if (!target.TrySetDirect(isDirect: true))
        {
            return false;
        }

        using var buffer = DirectBuffer.Rent();
        try
        {
            return TryCopy(source, sourceOffset, target, lengthBytes, buffer.Span);
        }
        finally
        {
            target.TrySetDirect(isDirect: false);
        }
    }

    /// <summary>Writes zeros over whole blocks; false where the file system takes no direct writes, or from a position between two blocks.</summary>
    public static bool TryClear(DiskFile target, long offset, long lengthBytes)
    {
        if (((offset | lengthBytes) & (BlockBytes - 1)) != 0 || !target.TrySetDirect(isDirect: true))
        {
            return false;
        }

        using var buffer = DirectBuffer.Rent();
        try
        {
            var zeros = buffer.Span[..(int)Math.Min(lengthBytes, buffer.Span.Length)];
            zeros.Clear();
            for (var end = offset + lengthBytes; offset < end; offset += zeros.Length)
            {
                if (!target.TryWriteDirectly(zeros[..(int)Math.Min(end - offset, zeros.Length)], offset))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            target.TrySetDirect(isDirect: false);
        }
    }

    // The bytes behind the last whole block go the usual way: to write a whole block and cut it off again makes the file system read that block
    // from the disk while everybody waits, and write it a second time.
    private static bool TryCopy(DiskFile source, long sourceOffset, DiskFile target, long lengthBytes, Span<byte> buffer)
    {
        for (long offset = 0; offset < lengthBytes;)
        {
            var length = (int)Math.Min(lengthBytes - offset, buffer.Length);
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
}
