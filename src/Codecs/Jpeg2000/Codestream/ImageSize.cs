using System.Buffers.Binary;

namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>One component of a codestream (T.800 Table A.11).</summary>
/// <param name="Precision">Bits a sample, 1 to 38.</param>
/// <param name="IsSigned">Samples are two's complement.</param>
/// <param name="StepX">XRsiz, columns of the reference grid from one sample to the next.</param>
/// <param name="StepY">YRsiz.</param>
public readonly record struct ComponentSize(int Precision, bool IsSigned, int StepX, int StepY);

/// <summary>The reference grid, its tiles and its components: the SIZ segment (T.800 §A.5.1).</summary>
/// <remarks>Coordinates are those of the reference grid; X1 and Y1 are the first ones outside.</remarks>
public sealed record ImageSize(int X0, int Y0, int X1, int Y1, int TileX0, int TileY0, int TileWidth, int TileHeight, IReadOnlyList<ComponentSize> Components)
{
    private const int FixedLengthBytes = 36;
    private const int ComponentLengthBytes = 3;
    private const int ComponentLimit = 16_384;
    private const int TileLimit = 65_535;
    private const int LargestPrecision = 38;

    /// <summary>Tiles in a row.</summary>
    public int TilesAcross => Divide.Up(X1 - TileX0, TileWidth);

    /// <summary>Tiles in all.</summary>
    public int Tiles => TilesAcross * Divide.Up(Y1 - TileY0, TileHeight);

    /// <summary>Reads the content of a SIZ segment.</summary>
    /// <exception cref="CodecException">It is damaged, or larger than the limits.</exception>
    internal static ImageSize Read(ReadOnlySpan<byte> content, CodecLimits limits)
    {
        if (content.Length < FixedLengthBytes)
        {
            throw new CodecException(CodecFault.Malformed, $"SIZ of {content.Length} bytes.");
        }

        var count = BinaryPrimitives.ReadUInt16BigEndian(content[34..]);
        if (count is 0 or > ComponentLimit || content.Length != FixedLengthBytes + (ComponentLengthBytes * count))
        {
            throw new CodecException(CodecFault.Malformed, $"SIZ of {content.Length} bytes with {count} components.");
        }

        Span<int> numbers = stackalloc int[8];
        for (var i = 0; i < numbers.Length; i++)
        {
            // Coordinates above 2^31 are allowed and belong to no image that a caller would accept.
            var number = BinaryPrimitives.ReadUInt32BigEndian(content[(2 + (4 * i))..]);
            numbers[i] = number <= int.MaxValue ? (int)number : throw new CodecException(CodecFault.LimitExceeded, $"A coordinate of {number}.");
        }

        var components = new ComponentSize[count];
        for (var i = 0; i < count; i++)
        {
            var at = content.Slice(FixedLengthBytes + (ComponentLengthBytes * i), ComponentLengthBytes);
            components[i] = new ComponentSize((at[0] & 0x7F) + 1, (at[0] & 0x80) != 0, at[1], at[2]);
        }

        var size = new ImageSize(numbers[2], numbers[3], numbers[0], numbers[1], numbers[6], numbers[7], numbers[4], numbers[5], components);
        size.Check(limits);
        return size;
    }

    /// <summary>The image on the reference grid.</summary>
    internal Area Whole => new(X0, Y0, X1, Y1);

    /// <summary>The part of the grid that a tile covers (T.800 §B.3).</summary>
    internal Area Tile(int index)
    {
        var (column, row) = (index % TilesAcross, index / TilesAcross);
        return new Area(
            (int)Math.Max(TileX0 + ((long)column * TileWidth), X0), (int)Math.Max(TileY0 + ((long)row * TileHeight), Y0),
            (int)Math.Min(TileX0 + ((column + 1L) * TileWidth), X1), (int)Math.Min(TileY0 + ((row + 1L) * TileHeight), Y1));
    }

    private void Check(CodecLimits limits)
    {
        if (X0 >= X1 || Y0 >= Y1 || TileWidth < 1 || TileHeight < 1 || TileX0 > X0 || TileY0 > Y0
            || (long)TileX0 + TileWidth <= X0 || (long)TileY0 + TileHeight <= Y0
            || Components.Any(c => c.StepX < 1 || c.StepY < 1 || c.Precision > LargestPrecision))
        {
            throw new CodecException(CodecFault.Malformed, "The areas of SIZ do not fit into each other.");
        }

        var tiles = (((long)X1 - TileX0 + TileWidth - 1) / TileWidth) * (((long)Y1 - TileY0 + TileHeight - 1) / TileHeight);
        if (X1 - X0 > limits.Width || Y1 - Y0 > limits.Height || tiles > TileLimit)
        {
            throw new CodecException(CodecFault.LimitExceeded, $"An image of {X1 - X0} x {Y1 - Y0} in {tiles} tiles.");
        }
    }
}

/// <summary>A rectangle; X1 and Y1 are the first coordinates outside.</summary>
internal readonly record struct Area(int X0, int Y0, int X1, int Y1)
{
    internal bool IsEmpty => X0 >= X1 || Y0 >= Y1;

    /// <summary>The rectangle in units of so many columns and rows, every bound rounded up (T.800 §B.2 and others).</summary>
    internal Area Reduce(long unitX, long unitY) =>
        new((int)Divide.Up(X0, unitX), (int)Divide.Up(Y0, unitY), (int)Divide.Up(X1, unitX), (int)Divide.Up(Y1, unitY));
}

/// <summary>Division of numbers that are not negative.</summary>
internal static class Divide
{
    internal static int Up(int value, int by) => (int)(((long)value + by - 1) / by);

    internal static long Up(long value, long by) => (value + by - 1) / by;
}
