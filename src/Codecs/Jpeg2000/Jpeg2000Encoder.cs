using System.Numerics;
using Panal.Codecs.Jpeg2000.Blocks;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Codecs.Jpeg2000.Tiles;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg2000;

/// <summary>
/// Encodes JPEG 2000 without loss, Part 1 or high throughput: 5/3 transform, quality layers cut where they lower the error most, precincts, RPCL, PLT;
/// 1 to 16 bits, signed or not, 1 to 4 components.
/// </summary>
/// <remarks>T.800, T.814. Bits above those stored are not kept, but for a sign that decoders extend.</remarks>
public sealed class Jpeg2000Encoder : IFrameEncoder
{
    private readonly Jpeg2000Form _form;

    /// <summary>Makes an encoder.</summary>
    /// <param name="form">How its codestreams are laid out.</param>
    /// <exception cref="ArgumentException">The form is not possible.</exception>
    public Jpeg2000Encoder(Jpeg2000Form form)
    {
        ArgumentNullException.ThrowIfNull(form);
        _form = form.IsPossible ? form : throw new ArgumentException($"A codestream cannot be laid out as {form}.", nameof(form));
    }

    /// <summary>The encoder of the default form, for red, green and blue where there are three components.</summary>
    public static Jpeg2000Encoder Lossless { get; } = new(Jpeg2000Form.Default);

    /// <summary>The encoder of high throughput codestreams that begin with a thumbnail (PS3.5 §10.18).</summary>
    public static Jpeg2000Encoder HighThroughput { get; } = new(Jpeg2000Form.Default with { IsHighThroughput = true, BypassesCoder = false, Layers = 1 });

    /// <summary>The same for three components that are no colours, or other ones than red, green and blue.</summary>
    public static Jpeg2000Encoder HighThroughputApart { get; } =
        new(Jpeg2000Form.Default with { IsHighThroughput = true, BypassesCoder = false, Layers = 1, TransformsColour = false });

    /// <summary>The default form for three components that are no colours, or other ones than red, green and blue.</summary>
    public static Jpeg2000Encoder LosslessApart { get; } = new(Jpeg2000Form.Default with { TransformsColour = false });

    /// <inheritdoc/>
    public long MaximumLengthBytes(in SampleLayout layout)
    {
        Check(layout);
        var samples = (long)layout.Width * layout.Height * layout.Components;

        // Margins of the areas make more code-blocks than samples would need; every packet has a header and a length.
        var blockSide = 1L << Math.Min(_form.BlockLog, _form.PrecinctLog - 1);
        var blocks = layout.Components * (1 + (3L * LevelsOf(layout))) * (Divide.Up((long)layout.Width, blockSide) + 1) * (Divide.Up((long)layout.Height, blockSide) + 1);
        const int HeaderBytes = 1024;
        var packetBytes = PacketWriter.HeaderLimitBytes(1, _form.BlockStyle);
        return HeaderBytes + BlockEncoder.MaximumLengthBytes(0, 0) * blocks + (samples * (layout.BitsStored + 9) * 9 / 32) + (blocks * _form.Layers * packetBytes);
    }

    /// <inheritdoc/>
    public bool TryEncode(ReadOnlySpan<byte> samples, in SampleLayout layout, Span<byte> encoded, CodecLimits limits, out int writtenBytes)
    {
        layout.CheckBuffer(limits, samples.Length);
        Check(layout);
        var writer = new CodestreamWriter(_form, layout, LevelsOf(layout));
        using var tile = new TileEncoder(writer.Headers(), limits);
        tile.Encode(samples, layout);
        return writer.TryWrite(tile.PacketLengths, tile.Packets, encoded, out writtenBytes);
    }

    private static void Check(in SampleLayout layout)
    {
        if (layout.BitsAllocated is not (8 or 16))
        {
            throw new CodecException(CodecFault.Unsupported, $"{layout.BitsStored} of {layout.BitsAllocated} bits are not encoded.");
        }
    }

    /// <summary>As many levels as the form has, as long as the shorter side can be halved; high throughput has them until a side has 64 samples.</summary>
    private int LevelsOf(in SampleLayout layout)
    {
        const int ThumbnailSide = 64;
        var shorter = Math.Min(layout.Width, layout.Height);
        var needed = _form.IsHighThroughput ? BitOperations.Log2((uint)Math.Max(1, Divide.Up(shorter, ThumbnailSide) - 1)) + 1 : 0;
        return Math.Min(Math.Max(_form.Levels, needed), BitOperations.Log2((uint)shorter));
    }
}
