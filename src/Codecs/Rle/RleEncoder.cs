using System.Buffers;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Rle;

/// <summary>Encodes RLE frames; every row by itself, every segment of even length (PS3.5 §G.3.1, §G.4).</summary>
public sealed class RleEncoder : IFrameEncoder
{
    private const int LongestRun = 128;

    // Two equal bytes between literals cost as much as a run and break the literal: §G.3.1 leaves the choice to the encoder.
    private const int ShortestRun = 3;

    /// <summary>The one encoder that is needed; it holds nothing.</summary>
    public static RleEncoder Instance { get; } = new();

    /// <inheritdoc/>
    public long MaximumLengthBytes(in SampleLayout layout)
    {
        var (rows, row) = Shape(layout);
        return RleHeader.LengthBytes + (RleHeader.SegmentsOf(layout) * (((long)rows * LongestRow(row)) + 1));
    }

    /// <inheritdoc/>
    public bool TryEncode(ReadOnlySpan<byte> samples, in SampleLayout layout, Span<byte> encoded, CodecLimits limits, out int writtenBytes)
    {
        layout.CheckBuffer(limits, samples.Length);
        writtenBytes = 0;
        var (_, row) = Shape(layout);
        Span<int> offsets = stackalloc int[RleHeader.SegmentsOf(layout)];
        var line = ArrayPool<byte>.Shared.Rent(row);
        try
        {
            var written = RleHeader.LengthBytes;
            for (var i = 0; i < offsets.Length; i++)
            {
                offsets[i] = written;
                var (first, step, count) = RleHeader.Place(layout, i);
                for (var start = 0; start < count; start += row)
                {
                    // One byte more for the padding of the segment.
                    if (encoded.Length - written < LongestRow(row) + 1)
                    {
                        return false;
                    }

                    Gather(samples[first..], start, step, line.AsSpan(0, row));
                    written += EncodeRow(line.AsSpan(0, row), encoded[written..]);
                }

                if (written % 2 != 0)
                {
                    encoded[written++] = 0;
                }
            }

            RleHeader.Write(encoded, offsets);
            writtenBytes = written;
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(line);
        }
    }

    private static int LongestRow(int rowLengthBytes) => rowLengthBytes + ((rowLengthBytes + LongestRun - 1) / LongestRun);

    /// <summary>How a segment is cut into rows: packed bits have no rows of whole bytes and are one row.</summary>
    private static (int Rows, int RowLengthBytes) Shape(in SampleLayout layout) => layout.BitsAllocated == 1
        ? (1, (int)layout.LengthBytes)
        : (layout.Height, layout.Width);

    private static void Gather(ReadOnlySpan<byte> samples, int start, int step, Span<byte> line)
    {
        var position = start * step;
        for (var i = 0; i < line.Length; i++, position += step)
        {
            line[i] = samples[position];
        }
    }

    private static int EncodeRow(ReadOnlySpan<byte> row, Span<byte> target)
    {
        var written = 0;
        var literal = 0;
        var at = 0;
        while (at < row.Length)
        {
            var run = RunLength(row[at..]);
            if (run < ShortestRun)
            {
                at += run;
                continue;
            }

            written += WriteLiterals(row[literal..at], target[written..]);
            target[written++] = unchecked((byte)(1 - run));
            target[written++] = row[at];
            at += run;
            literal = at;
        }

        return written + WriteLiterals(row[literal..], target[written..]);
    }

    private static int RunLength(ReadOnlySpan<byte> row)
    {
        var longest = Math.Min(row.Length, LongestRun);
        var different = row[..longest].IndexOfAnyExcept(row[0]);
        return different < 0 ? longest : different;
    }

    private static int WriteLiterals(ReadOnlySpan<byte> literals, Span<byte> target)
    {
        var written = 0;
        while (!literals.IsEmpty)
        {
            var length = Math.Min(literals.Length, LongestRun);
            target[written++] = (byte)(length - 1);
            literals[..length].CopyTo(target[written..]);
            written += length;
            literals = literals[length..];
        }

        return written;
    }
}
