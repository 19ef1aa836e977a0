using System.Numerics;

namespace Panal.Swarm.Pieces;

/// <summary>A set of blocks as a bitmap, with its count.</summary>
internal sealed class BlockSet(int blocks)
{
    /// <summary>Blocks in one word of the bitmap.</summary>
    public const int WordBlocks = 64;

    private readonly ulong[] _words = new ulong[(blocks + WordBlocks - 1) / WordBlocks];

    /// <summary>Blocks that there can be.</summary>
    public int Capacity => blocks;

    /// <summary>Blocks that are in the set.</summary>
    public int Count { get; private set; }

    /// <summary>True if every block is in the set.</summary>
    public bool IsFull => Count == blocks;

    /// <summary>Number of words.</summary>
    public int Words => _words.Length;

    /// <summary>The word that begins at block <c>64 · index</c>, lowest bit first.</summary>
    public ulong Word(int index) => _words[index];

    /// <summary>True if the block is in the set.</summary>
    public bool Contains(int block) => (_words[block / WordBlocks] >> (block % WordBlocks) & 1) != 0;

    /// <summary>Adds a block; false if it was there.</summary>
    public bool Add(int block)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(block);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(block, blocks);
        ref var word = ref _words[block / WordBlocks];
        var bit = 1UL << (block % WordBlocks);
        if ((word & bit) != 0)
        {
            return false;
        }

        word |= bit;
        Count++;
        return true;
    }

    /// <summary>Removes a block; false if it was not there.</summary>
    public bool Remove(int block)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(block);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(block, blocks);
        ref var word = ref _words[block / WordBlocks];
        var bit = 1UL << (block % WordBlocks);
        if ((word & bit) == 0)
        {
            return false;
        }

        word &= ~bit;
        Count--;
        return true;
    }

    /// <summary>Adds every block.</summary>
    public void Fill()
    {
        Array.Fill(_words, ulong.MaxValue);
        if (blocks % WordBlocks != 0)
        {
            _words[^1] = (1UL << (blocks % WordBlocks)) - 1;
        }

        Count = blocks;
    }

    /// <summary>True if a block is in both sets.</summary>
    public bool Overlaps(BlockSet other)
    {
        for (var i = 0; i < _words.Length; i++)
        {
            if ((_words[i] & other._words[i]) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The first block at or after this one, or -1.</summary>
    public int Next(int block)
    {
        for (var i = block / WordBlocks; i < _words.Length; i++)
        {
            var word = i == block / WordBlocks ? _words[i] & (ulong.MaxValue << (block % WordBlocks)) : _words[i];
            if (word != 0)
            {
                return i * WordBlocks + BitOperations.TrailingZeroCount(word);
            }
        }

        return -1;
    }
}
