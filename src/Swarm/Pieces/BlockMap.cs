namespace Panal.Swarm.Pieces;

/// <summary>One stored file that a transfer brings.</summary>
/// <param name="Hash">What its bytes must be.</param>
/// <param name="LengthBytes">Length in bytes, not negative.</param>
/// <param name="IsFirstOfSeries">A viewer shows it before anything else of its series.</param>
public readonly record struct TransferObject(Volumes.ContentHash Hash, long LengthBytes, bool IsFirstOfSeries);

/// <summary>
/// Numbers the blocks of the objects of a transfer from zero, in the order of the objects, which is the order of display.
/// A block never straddles two objects; every object has at least one, an empty one a block of no bytes.
/// </summary>
public sealed class BlockMap
{
    /// <summary>Most objects of one transfer; a study of a million images is a mistake or an attack.</summary>
    public const int MaxObjects = 1 << 20;

    /// <summary>Most blocks of one transfer: 256 GiB. Bounds the memory of a transfer to about 20 bytes a block.</summary>
    public const int MaxBlocks = 1 << 22;

    private readonly TransferObject[] _objects;
    private readonly int[] _firstBlocks;            // one more than objects: the last is the number of blocks

    /// <summary>Numbers the blocks of these objects.</summary>
    /// <exception cref="ArgumentException">There are no objects or too many, or too many blocks, or a length is negative.</exception>
    public BlockMap(ReadOnlySpan<TransferObject> objects)
    {
        if (objects.Length is 0 or > MaxObjects)
        {
            throw new ArgumentException($"A transfer has 1 to {MaxObjects} objects.", nameof(objects));
        }

        _objects = objects.ToArray();
        _firstBlocks = new int[objects.Length + 1];
        for (var i = 0; i < objects.Length; i++)
        {
            var length = objects[i].LengthBytes;
            var blocks = length < 0 ? long.MaxValue : BlocksOf(length);
            if (blocks > MaxBlocks - _firstBlocks[i])
            {
                throw new ArgumentException($"A transfer has at most {MaxBlocks} blocks.", nameof(objects));
            }

            _firstBlocks[i + 1] = _firstBlocks[i] + (int)blocks;
            LengthBytes += length;
        }
    }

    /// <summary>Objects, in the order of display.</summary>
    public ReadOnlySpan<TransferObject> Objects => _objects;

    /// <summary>Number of blocks.</summary>
    public int Blocks => _firstBlocks[^1];

    /// <summary>Bytes of all objects.</summary>
    public long LengthBytes { get; }

    /// <summary>Blocks of an object of this length: one for each 65,536 bytes begun, and one for an empty object.</summary>
    public static long BlocksOf(long lengthBytes) =>
        lengthBytes == 0 ? 1 : (lengthBytes - 1) / Volumes.ContentHash.BlockBytes + 1;

    /// <summary>Number of the first block of an object; of the end for the number of objects.</summary>
    public int FirstBlockOf(int index) => _firstBlocks[index];

    /// <summary>Number of blocks of an object.</summary>
    public int BlocksOfObject(int index) => _firstBlocks[index + 1] - _firstBlocks[index];

    /// <summary>The object that a block belongs to.</summary>
    public int ObjectOf(int block)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(block);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(block, Blocks);
        var found = Array.BinarySearch(_firstBlocks, block);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>Where a block begins in its object, in bytes.</summary>
    public long OffsetOf(int block) => (long)(block - _firstBlocks[ObjectOf(block)]) * Volumes.ContentHash.BlockBytes;

    /// <summary>Length of a block in bytes, 0 to 65,536.</summary>
    public int LengthOf(int block)
    {
        var index = ObjectOf(block);
        var offset = (long)(block - _firstBlocks[index]) * Volumes.ContentHash.BlockBytes;
        return (int)Math.Min(Volumes.ContentHash.BlockBytes, _objects[index].LengthBytes - offset);
    }
}
