using Panal.Codecs.Samples;

namespace Panal.Codecs.Rle;

/// <summary>Decodes RLE frames of 1 (packed), 8, 16 and 32 bits, up to fifteen segments (PS3.5 Annex G).</summary>
/// <remarks>
/// Runs that cross the end of a row are accepted though §G.3.1 forbids them, and what follows the last sample of a segment is
/// ignored: encoders of both kinds are in use.
/// </remarks>
public sealed class RleDecoder : IFrameDecoder
{
    /// <summary>The one decoder that is needed; it holds nothing.</summary>
    public static RleDecoder Instance { get; } = new();

    /// <inheritdoc/>
    public SampleLayout? ReadLayout(ReadOnlySpan<byte> encoded, CodecLimits limits) => null;

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> encoded, in SampleLayout layout, Span<byte> samples, CodecLimits limits)
    {
        layout.CheckBuffer(limits, samples.Length);
        Span<int> offsets = stackalloc int[RleHeader.SegmentsOf(layout)];
        RleHeader.Read(encoded, offsets);
        for (var i = 0; i < offsets.Length; i++)
        {
            var end = i + 1 < offsets.Length ? offsets[i + 1] : encoded.Length;
            var (first, step, count) = RleHeader.Place(layout, i);
            DecodeSegment(encoded[offsets[i]..end], samples[first..], step, count);
        }
    }

    /// <summary>Undoes the runs of one segment (§G.3.2); target bytes are <paramref name="step"/> apart.</summary>
    private static void DecodeSegment(ReadOnlySpan<byte> segment, Span<byte> target, int step, int count)
    {
        var read = 0;
        var written = 0;
        while (written < count)
        {
            if (read >= segment.Length)
            {
                throw new CodecException(CodecFault.Truncated, $"A segment ends after {written} of {count} bytes.");
            }

            var code = (sbyte)segment[read++];
            if (code >= 0)
            {
                var literal = Math.Min(code + 1, count - written);
                if (literal > segment.Length - read)
                {
                    throw new CodecException(CodecFault.Truncated, $"A segment ends within {literal} literal bytes.");
                }

                Copy(segment.Slice(read, literal), target, written, step);
                read += code + 1;
                written += literal;
            }
            else if (code != sbyte.MinValue)
            {
                if (read >= segment.Length)
                {
                    throw new CodecException(CodecFault.Truncated, "A segment ends before the byte of a run.");
                }

                var run = Math.Min(1 - code, count - written);
                Fill(segment[read++], target, written, run, step);
                written += run;
            }
        }
    }

    private static void Copy(ReadOnlySpan<byte> source, Span<byte> target, int at, int step)
    {
        if (step == 1)
        {
            source.CopyTo(target[at..]);
            return;
        }

        var position = at * step;
        foreach (var value in source)
        {
            target[position] = value;
            position += step;
        }
    }

    private static void Fill(byte value, Span<byte> target, int at, int count, int step)
    {
        if (step == 1)
        {
            target.Slice(at, count).Fill(value);
            return;
        }

        var position = at * step;
        for (var i = 0; i < count; i++, position += step)
        {
            target[position] = value;
        }
    }
}
