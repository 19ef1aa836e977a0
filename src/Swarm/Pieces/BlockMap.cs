namespace Panal.Swarm.Pieces;

/// <summary>One stored file that a transfer brings.</summary>
/// <param name="Hash">What its bytes must be.</param>
/// <param name="LengthBytes">Length in bytes, not negative.</param>
/// <param name="IsFirstOfSeries">A viewer shows it before anything else of its series.</param>
public readonly record struct TransferObject(Volumes.ContentHash Hash, long LengthBytes, bool IsFirstOfSeries)
{
    /// <summary>Which part of a whole it is; null where it is whole by itself.</summary>
    public TransferPart? Part { get; init; }
}

/// <summary>
/// An object that is one of several that make a whole, which is kept when all have come. Each part makes more of the whole to be seen: those of the same
/// number come for all wholes before the next ones.
/// </summary>
/// <param name="Whole">Which whole, counted from 0 within a transfer.</param>
/// <param name="Number">Which part of it, from 0.</param>
/// <param name="Count">How many parts it has, 2 to 8.</param>
public readonly record struct TransferPart(int Whole, byte Number, byte Count)
{
    /// <summary>Most parts of a whole.</summary>
    public const int CountLimit = 8;

    /// <summary>Whether the whole is made with it.</summary>
    public bool IsLast => Number == Count - 1;
}

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

    private const int Missing = -1;

    private readonly TransferObject[] _objects;
    private readonly int[] _firstBlocks;            // one more than objects: the last is the number of blocks
    private readonly Dictionary<int, int[]> _parts = [];

    /// <summary>Numbers the blocks of these objects.</summary>
    /// <exception cref="ArgumentException">There are no objects or too many, or too many blocks, a length is negative, or a whole has not each of its parts once.</exception>
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
            AddPart(i);
        }

        Wholes = objects.Length;
        foreach (var parts in _parts.Values)
        {
            Wholes -= parts.Length - 1;
            if (parts.Contains(Missing))
            {
                throw new ArgumentException("A whole lacks a part.", nameof(objects));
            }
        }
    }

    /// <summary>Objects, in the order of display.</summary>
    public ReadOnlySpan<TransferObject> Objects => _objects;

    /// <summary>Objects, with the parts of a whole counted as one.</summary>
    public int Wholes { get; }

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

    /// <summary>The objects that make a whole with an object, in their order; the object alone if it is one.</summary>
    public IReadOnlyList<int> PartsOf(int index) => _objects[index].Part is { } part ? _parts[part.Whole] : [index];

    /// <summary>The object that a block belongs to.</summary>
    public int ObjectOf(int block)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(block);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(block, Blocks);
        var found = Array.BinarySearch(_firstBlocks, block);
        return found >= 0 ? found : ~found - 1;
    }

    private void AddPart(int index)
    {
        if (_objects[index].Part is not { } part)
        {
            return;
        }

        if (part.Count is < 2 or > TransferPart.CountLimit || part.Number >= part.Count)
        {
            throw new ArgumentException("A part of a whole is none.", nameof(index));
        }

        if (!_parts.TryGetValue(part.Whole, out var parts))
        {
            _parts[part.Whole] = parts = new int[part.Count];
            Array.Fill(parts, Missing);
        }

        if (parts.Length != part.Count || parts[part.Number] != Missing)
        {
            throw new ArgumentException("A whole has a part twice.", nameof(index));
        }

        parts[part.Number] = index;
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
