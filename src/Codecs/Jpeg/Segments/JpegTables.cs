using System.Buffers.Binary;
using Panal.Codecs.Jpeg.Entropy;

namespace Panal.Codecs.Jpeg.Segments;

/// <summary>The tables that a JPEG stream has defined so far; a later definition replaces an earlier one (T.81 §B.2.4).</summary>
internal sealed class JpegTables
{
    private const int Destinations = 4;
    private const int BlockSamples = 64;
    private const int CodeLengths = 16;

    private readonly HuffmanTable?[] _dc = new HuffmanTable?[Destinations];
    private readonly HuffmanTable?[] _ac = new HuffmanTable?[Destinations];
    private readonly ushort[]?[] _quantization = new ushort[]?[Destinations];

    /// <summary>MCUs between two restart markers; 0 where there are none.</summary>
    internal int RestartInterval { get; private set; }

    /// <summary>The table of a component for DC coefficients, or for differences of lossless processes.</summary>
    internal HuffmanTable Dc(int destination) => Defined(_dc, destination);

    /// <summary>The table of a component for AC coefficients.</summary>
    internal HuffmanTable Ac(int destination) => Defined(_ac, destination);

    /// <summary>64 quantization steps, in zigzag order.</summary>
    internal ushort[] Quantization(int destination) => Defined(_quantization, destination);

    /// <summary>Takes DHT, DQT or DRI; leaves other segments alone.</summary>
    /// <exception cref="CodecException">The segment is damaged.</exception>
    internal void Take(byte marker, ReadOnlySpan<byte> content)
    {
        switch (marker)
        {
            case JpegMarker.HuffmanTables:
                TakeHuffman(content);
                break;
            case JpegMarker.QuantizationTables:
                TakeQuantization(content);
                break;
            case JpegMarker.RestartInterval:
                RestartInterval = content.Length == 2 ? BinaryPrimitives.ReadUInt16BigEndian(content) : throw Damaged("DRI");
                break;
        }
    }

    private static T Defined<T>(T?[] tables, int destination)
        where T : class
        => (uint)destination < Destinations && tables[destination] is { } table
            ? table
            : throw new CodecException(CodecFault.Malformed, $"Table {destination} is used and was not defined.");

    private void TakeHuffman(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            if (content.Length < 1 + CodeLengths || content[0] >> 4 > 1 || (content[0] & 15) >= Destinations)
            {
                throw Damaged("DHT");
            }

            var counts = content.Slice(1, CodeLengths);
            var symbols = 0;
            foreach (var count in counts)
            {
                symbols += count;
            }

            if (symbols > 256 || content.Length < 1 + CodeLengths + symbols)
            {
                throw Damaged("DHT");
            }

            (content[0] >> 4 == 0 ? _dc : _ac)[content[0] & 15] = new HuffmanTable(counts, content.Slice(1 + CodeLengths, symbols));
            content = content[(1 + CodeLengths + symbols)..];
        }
    }

    private void TakeQuantization(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            var wide = content[0] >> 4;
            var length = BlockSamples * (wide + 1);
            if (wide > 1 || (content[0] & 15) >= Destinations || content.Length < 1 + length)
            {
                throw Damaged("DQT");
            }

            var table = new ushort[BlockSamples];
            for (var i = 0; i < BlockSamples; i++)
            {
                table[i] = wide == 0 ? content[1 + i] : BinaryPrimitives.ReadUInt16BigEndian(content[(1 + (2 * i))..]);
            }

            _quantization[content[0] & 15] = table;
            content = content[(1 + length)..];
        }
    }

    private static CodecException Damaged(string segment) => new(CodecFault.Malformed, $"{segment} is damaged.");
}
