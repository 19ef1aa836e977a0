namespace Panal.Codecs;

/// <summary>What a codec accepts at most; checked before anything is allocated or decoded.</summary>
public sealed record CodecLimits
{
    /// <summary>The limits that hold where the caller has no own ones.</summary>
    public static CodecLimits Default { get; } = new();

    /// <summary>Widest frame, in samples. Columns (0028,0011) is a 16-bit number, so no DICOM frame is wider.</summary>
    public int Width { get; init; } = ushort.MaxValue;

    /// <summary>Highest frame, in samples; Rows (0028,0010) is a 16-bit number too.</summary>
    public int Height { get; init; } = ushort.MaxValue;

    /// <summary>Longest decoded frame, in bytes. The largest real frames are mammograms and radiographs of some 60 MB.</summary>
    public long FrameLengthBytes { get; init; } = 512 * 1024 * 1024;
}
