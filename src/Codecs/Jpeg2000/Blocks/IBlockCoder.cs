namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>Decodes code-blocks, one after the other.</summary>
internal interface IBlockDecoder
{
    /// <summary>Begins a block: everything is zero.</summary>
    void Begin(int width, int height, int style);

    /// <summary>Decodes the passes of one segment.</summary>
    /// <param name="data">All bytes of the segment.</param>
    /// <param name="firstPass">How many passes of the block came before.</param>
    /// <param name="passes">How many passes the segment has.</param>
    /// <param name="planes">Bit-planes that are coded in the block, 1 to 31.</param>
    /// <param name="band">Which subband.</param>
    /// <param name="style">Bits of T.800 Table A.19.</param>
    /// <exception cref="CodecException">There are more passes than bit-planes, or what they say is impossible.</exception>
    void Decode(ReadOnlySpan<byte> data, int firstPass, int passes, int planes, BandKind band, int style);

    /// <summary>Gives one row of coefficients; a raised region is lowered again (T.800 §H.1).</summary>
    /// <param name="y">Row of the block.</param>
    /// <param name="regionShift">By how many bit-planes regions were raised.</param>
    /// <param name="target">As many values as the block has columns.</param>
    void CopyRow(int y, int regionShift, Span<int> target);

    /// <summary>The same before quantization.</summary>
    /// <param name="y">Row of the block.</param>
    /// <param name="regionShift">By how many bit-planes regions were raised.</param>
    /// <param name="step">The step of quantization.</param>
    /// <param name="target">As many values as the block has columns.</param>
    void CopyRow(int y, int regionShift, float step, Span<float> target);
}

/// <summary>Encodes code-blocks up to 64 x 64, one after the other.</summary>
internal interface IBlockEncoder
{
    /// <summary>Bits of the largest magnitude of the block encoded last; 0 if all its coefficients are zero.</summary>
    int MagnitudeBits { get; }

    /// <summary>Bit-planes that its passes count from; those above are told to be zero.</summary>
    int Planes { get; }

    /// <summary>The passes of that block.</summary>
    ReadOnlySpan<PassEnd> Passes { get; }

    /// <summary>Its bytes.</summary>
    ReadOnlySpan<byte> Encoded { get; }

    /// <summary>Encodes a block.</summary>
    /// <param name="values">First row and all that follow, up to the last coefficient of the block.</param>
    /// <param name="stride">Values from one row to the next.</param>
    /// <param name="width">Columns, 1 to 64.</param>
    /// <param name="height">Rows, 1 to 64.</param>
    /// <param name="band">Which subband.</param>
    void Encode(ReadOnlySpan<int> values, int stride, int width, int height, BandKind band);
}
