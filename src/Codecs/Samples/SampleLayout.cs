namespace Panal.Codecs.Samples;

/// <summary>How the samples of one frame lie in a buffer, and how much of each is meant.</summary>
/// <param name="Width">Columns, 1 to 65535.</param>
/// <param name="Height">Rows, 1 to 65535.</param>
/// <param name="Components">Samples a pixel, 1 to 4.</param>
/// <param name="BitsAllocated">Bits a sample takes in the buffer: 1 (eight pixels a byte, the first in the lowest bit), 8, 16 or 32.</param>
/// <param name="BitsStored">Bits of a sample that are meant, 1 to <paramref name="BitsAllocated"/>; they are the lowest ones.</param>
/// <param name="IsSigned">Samples are two's complement; decoders extend the sign through all allocated bits.</param>
/// <param name="IsPlanar">All samples of a component stand together; otherwise all samples of a pixel do.</param>
/// <remarks>Samples of more than eight bits are little endian. The terms are those of PS3.5 §8.1.1 and PS3.3 §C.7.6.3.1.</remarks>
public readonly record struct SampleLayout(
    int Width, int Height, int Components, int BitsAllocated, int BitsStored, bool IsSigned = false, bool IsPlanar = false)
{
    private const int BitsPerByte = 8;
    private const int ComponentLimit = 4;

    /// <summary>Bytes that a sample takes; 1 where eight samples share a byte.</summary>
    public int BytesPerSample => Math.Max(1, BitsAllocated / BitsPerByte);

    /// <summary>Bytes that the frame takes, without padding to an even length.</summary>
    public long LengthBytes => (((long)Width * Height * Components * BitsAllocated) + BitsPerByte - 1) / BitsPerByte;

    /// <summary>Throws unless the numbers are possible and stay below the limits; nothing is allocated before.</summary>
    /// <exception cref="CodecException">A number is impossible, or the frame is larger than <paramref name="limits"/> allow.</exception>
    public void Check(CodecLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (Width < 1 || Height < 1 || Components is < 1 or > ComponentLimit)
        {
            throw new CodecException(CodecFault.Malformed, $"A frame of {Width} x {Height} x {Components} samples does not exist.");
        }

        if (BitsAllocated is not (1 or 8 or 16 or 32) || BitsStored < 1 || BitsStored > BitsAllocated)
        {
            throw new CodecException(CodecFault.Unsupported, $"{BitsStored} of {BitsAllocated} bits are not a layout that is known.");
        }

        if (Width > limits.Width || Height > limits.Height || LengthBytes > limits.FrameLengthBytes)
        {
            throw new CodecException(CodecFault.LimitExceeded, $"A frame of {Width} x {Height} x {Components} samples, {LengthBytes} bytes, is larger than allowed.");
        }
    }

    /// <summary>Checks the layout and that the caller's buffer has exactly its length.</summary>
    /// <exception cref="CodecException">See <see cref="Check"/>.</exception>
    /// <exception cref="ArgumentException">The buffer has another length.</exception>
    internal void CheckBuffer(CodecLimits limits, int bufferLengthBytes)
    {
        Check(limits);
        if (bufferLengthBytes != LengthBytes)
        {
            throw new ArgumentException($"The samples take {LengthBytes} bytes, the buffer has {bufferLengthBytes}.", nameof(bufferLengthBytes));
        }
    }
}
