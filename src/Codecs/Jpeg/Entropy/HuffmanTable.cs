namespace Panal.Codecs.Jpeg.Entropy;

/// <summary>A Huffman table for decoding: short codes by look-up, long ones by length (T.81 §C.2, §F.2.2.3).</summary>
internal sealed class HuffmanTable
{
    /// <summary>Bits that the look-up covers; nearly all codes of real tables are shorter.</summary>
    internal const int LookupBits = 9;

    internal const int LongestCode = 16;

    private readonly ushort[] _lookup = new ushort[1 << LookupBits];
    private readonly int[] _limits = new int[LongestCode + 1];
    private readonly int[] _offsets = new int[LongestCode + 1];
    private readonly byte[] _symbols;

    /// <summary>Builds the codes.</summary>
    /// <param name="counts">Sixteen numbers: codes of length 1 to 16 (BITS).</param>
    /// <param name="symbols">Their symbols, in order (HUFFVAL).</param>
    /// <exception cref="CodecException">There are more codes of a length than fit.</exception>
    internal HuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        _symbols = symbols.ToArray();
        var code = 0;
        var index = 0;
        for (var length = 1; length <= LongestCode; length++)
        {
            var first = code;
            _offsets[length] = index - code;
            for (var i = 0; i < counts[length - 1]; i++, code++, index++)
            {
                if (code >= 1 << length)
                {
                    throw new CodecException(CodecFault.Malformed, $"A Huffman table has more codes of {length} bits than exist.");
                }

                if (length <= LookupBits)
                {
                    var entry = (ushort)((length << 8) | _symbols[index]);
                    _lookup.AsSpan(code << (LookupBits - length), 1 << (LookupBits - length)).Fill(entry);
                }
            }

            // Sixteen bits that are below this begin with a code of at most this length.
            _limits[length] = code == first ? (length > 1 ? _limits[length - 1] : 0) : code << (LongestCode - length);
            code <<= 1;
        }
    }

    /// <summary>Finds the code at the beginning of sixteen bits.</summary>
    /// <returns>Its length in the high byte, its symbol in the low one; 0 when no code begins so.</returns>
    internal int Find(int sixteenBits)
    {
        var entry = _lookup[sixteenBits >> (LongestCode - LookupBits)];
        return entry != 0 ? entry : FindLong(sixteenBits);
    }

    private int FindLong(int sixteenBits)
    {
        for (var length = LookupBits + 1; length <= LongestCode; length++)
        {
            if (sixteenBits < _limits[length])
            {
                return (length << 8) | _symbols[_offsets[length] + (sixteenBits >> (LongestCode - length))];
            }
        }

        return 0;
    }
}
