namespace Panal.Codecs.JpegLs;

/// <summary>How the components of a scan alternate (T.87 §C.2.3, ILV).</summary>
internal enum InterleaveMode
{
    /// <summary>One component a scan.</summary>
    None = 0,

    /// <summary>By line.</summary>
    Line = 1,

    /// <summary>By sample.</summary>
    Sample = 2,
}
