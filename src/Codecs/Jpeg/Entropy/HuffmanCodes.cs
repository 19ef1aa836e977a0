namespace Panal.Codecs.Jpeg.Entropy;

/// <summary>Huffman codes for encoding (T.81 §C.2, and Annex K.2 for making them from frequencies).</summary>
internal sealed class HuffmanCodes
{
    private const int LongestCode = 16;
    private const int SymbolLimit = 256;
    private const int LongestUnlimitedCode = 64;

    private readonly ushort[] _codes = new ushort[SymbolLimit];
    private readonly byte[] _lengths = new byte[SymbolLimit];

    /// <summary>Takes a table as DHT has it.</summary>
    internal HuffmanCodes(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        Counts = counts.ToArray();
        Symbols = symbols.ToArray();
        int code = 0, index = 0;
        for (var length = 1; length <= LongestCode; length++, code <<= 1)
        {
            for (var i = 0; i < counts[length - 1]; i++, code++, index++)
            {
                _codes[symbols[index]] = (ushort)code;
                _lengths[symbols[index]] = (byte)length;
            }
        }
    }

    /// <summary>Sixteen numbers: codes of each length (BITS).</summary>
    internal byte[] Counts { get; }

    /// <summary>The symbols in the order of their codes (HUFFVAL).</summary>
    internal byte[] Symbols { get; }

    /// <summary>Writes the code of a symbol and then the bits that belong to it, together at most 32.</summary>
    internal void Write(ref HuffmanWriter writer, int symbol, uint bits, int bitCount) =>
        writer.Write(((uint)_codes[symbol] << bitCount) | bits, _lengths[symbol] + bitCount);

    /// <summary>The best codes of at most sixteen bits for these frequencies; no code is all ones (T.81 Annex K.2).</summary>
    internal static HuffmanCodes ForFrequencies(ReadOnlySpan<long> frequencies)
    {
        // One symbol more, the rarest of all, takes the code of all ones.
        var symbols = frequencies.Length + 1;
        Span<long> weights = stackalloc long[symbols];
        frequencies.CopyTo(weights);
        weights[^1] = 1;
        Span<int> lengths = stackalloc int[symbols];
        Span<int> others = stackalloc int[symbols];
        others.Fill(-1);
        MergeRarest(weights, lengths, others);

        Span<int> counts = stackalloc int[LongestUnlimitedCode];
        counts.Clear();
        foreach (var length in lengths)
        {
            if (length > 0)
            {
                counts[length]++;
            }
        }

        Shorten(counts);
        var bits = new byte[LongestCode];
        for (var length = 1; length <= LongestCode; length++)
        {
            bits[length - 1] = (byte)counts[length];
        }

        var order = new List<byte>(symbols);
        for (var length = 1; length < LongestUnlimitedCode; length++)
        {
            for (var symbol = 0; symbol < frequencies.Length; symbol++)
            {
                if (lengths[symbol] == length)
                {
                    order.Add((byte)symbol);
                }
            }
        }

        return new HuffmanCodes(bits, [.. order]);
    }

    /// <summary>T.81 Figure K.1: joins the two rarest until one is left; every join makes their codes one bit longer.</summary>
    private static void MergeRarest(Span<long> weights, Span<int> lengths, Span<int> others)
    {
        while (true)
        {
            var first = Rarest(weights, -1);
            var second = Rarest(weights, first);
            if (second < 0)
            {
                return;
            }

            weights[first] += weights[second];
            weights[second] = 0;
            var last = Lengthen(first, lengths, others);
            others[last] = second;
            Lengthen(second, lengths, others);
        }
    }

    /// <summary>The symbol of smallest weight above zero, of equal ones the last; -1 if there is none.</summary>
    private static int Rarest(ReadOnlySpan<long> weights, int except)
    {
        var rarest = -1;
        for (var i = 0; i < weights.Length; i++)
        {
            if (i != except && weights[i] > 0 && (rarest < 0 || weights[i] <= weights[rarest]))
            {
                rarest = i;
            }
        }

        return rarest;
    }

    private static int Lengthen(int symbol, Span<int> lengths, ReadOnlySpan<int> others)
    {
        lengths[symbol]++;
        while (others[symbol] >= 0)
        {
            symbol = others[symbol];
            lengths[symbol]++;
        }

        return symbol;
    }

    /// <summary>T.81 Figure K.3: no code longer than sixteen bits; then takes out the code of all ones.</summary>
    private static void Shorten(Span<int> counts)
    {
        for (var length = LongestUnlimitedCode - 1; length > LongestCode; length--)
        {
            while (counts[length] > 0)
            {
                var shorter = length - 2;
                while (counts[shorter] == 0)
                {
                    shorter--;
                }

                counts[length] -= 2;
                counts[length - 1]++;
                counts[shorter + 1] += 2;
                counts[shorter]--;
            }
        }

        var longest = LongestCode;
        while (counts[longest] == 0)
        {
            longest--;
        }

        counts[longest]--;
    }
}
