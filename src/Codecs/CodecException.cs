namespace Panal.Codecs;

/// <summary>Why a frame could not be decoded or encoded.</summary>
public enum CodecFault
{
    /// <summary>The encoded bytes end before the frame is complete.</summary>
    Truncated,

    /// <summary>The encoded bytes break the rules of their format.</summary>
    Malformed,

    /// <summary>The format allows it, this codec does not.</summary>
    Unsupported,

    /// <summary>The encoded frame is not the one that the caller described: other dimensions, components or bits.</summary>
    Mismatch,

    /// <summary>The frame is larger than the caller's limits.</summary>
    LimitExceeded,
}

/// <summary>An encoded frame, or a layout, that a codec refuses; what the caller's buffer holds is then undefined.</summary>
/// <remarks>The message names numbers of the format only, never content.</remarks>
public sealed class CodecException(CodecFault fault, string message) : Exception(message)
{
    /// <summary>The kind of the refusal.</summary>
    public CodecFault Fault { get; } = fault;
}
