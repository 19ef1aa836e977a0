using System.Buffers.Binary;
using System.Globalization;

namespace Panal.Dicom;

/// <summary>Numbers of an element, whatever its VR: binary, IS and DS.</summary>
internal static class ElementNumbers
{
    /// <summary>How many numbers a binary value holds; bytes beyond the last whole one do not count.</summary>
    public static int Count(Vr vr, int lengthBytes) => vr == Vr.AT ? lengthBytes / 4 : lengthBytes / vr.UnitLengthBytes();

    public static bool IsNumber(Vr vr) => vr
        is Vr.FD or Vr.FL or Vr.OD or Vr.OF or Vr.OL or Vr.OV or Vr.OW or Vr.SL or Vr.SS or Vr.SV or Vr.UL or Vr.US or Vr.UV;

    public static string Text(ReadOnlySpan<byte> value, Vr vr, int index) => vr switch
    {
        Vr.AT => ReadTag(value, index).Value.ToString("X8", CultureInfo.InvariantCulture),
        Vr.FL or Vr.OF => BinaryPrimitives.ReadSingleLittleEndian(value[(4 * index)..]).ToString("R", CultureInfo.InvariantCulture),
        Vr.FD or Vr.OD => BinaryPrimitives.ReadDoubleLittleEndian(value[(8 * index)..]).ToString("R", CultureInfo.InvariantCulture),
        _ => Integer(value, vr, index).ToString(CultureInfo.InvariantCulture),
    };

    public static Tag ReadTag(ReadOnlySpan<byte> value, int index)
    {
        value = value[(4 * index)..];
        return new Tag(BinaryPrimitives.ReadUInt16LittleEndian(value), BinaryPrimitives.ReadUInt16LittleEndian(value[2..]));
    }

    public static Int128 Integer(ReadOnlySpan<byte> value, Vr vr, int index)
    {
        value = value[(vr.UnitLengthBytes() * index)..];
        return vr switch
        {
            Vr.US or Vr.OW => BinaryPrimitives.ReadUInt16LittleEndian(value),
            Vr.SS => BinaryPrimitives.ReadInt16LittleEndian(value),
            Vr.UL or Vr.OL => BinaryPrimitives.ReadUInt32LittleEndian(value),
            Vr.SL => BinaryPrimitives.ReadInt32LittleEndian(value),
            Vr.UV or Vr.OV => BinaryPrimitives.ReadUInt64LittleEndian(value),
            Vr.SV => BinaryPrimitives.ReadInt64LittleEndian(value),
            _ => throw new ArgumentOutOfRangeException(nameof(vr), vr, "No integer"),
        };
    }

    /// <summary>The first number as an integer; null when there is none, or when it has a fraction.</summary>
    public static Int128? FirstInteger(ReadOnlySpan<byte> value, Vr vr, string? text)
    {
        if (vr is Vr.FD or Vr.FL or Vr.OD or Vr.OF || !IsNumber(vr))
        {
            var number = FirstDouble(value, vr, text);
            return number is { } found && double.IsInteger(found) && Math.Abs(found) < 1e18 ? (Int128)found : null;
        }

        return Count(vr, value.Length) > 0 ? Integer(value, vr, 0) : null;
    }

    public static double? FirstDouble(ReadOnlySpan<byte> value, Vr vr, string? text)
    {
        if (!IsNumber(vr))
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) && double.IsFinite(parsed)
                ? parsed
                : null;
        }

        if (Count(vr, value.Length) == 0)
        {
            return null;
        }

        return vr switch
        {
            Vr.FL or Vr.OF => BinaryPrimitives.ReadSingleLittleEndian(value),
            Vr.FD or Vr.OD => BinaryPrimitives.ReadDoubleLittleEndian(value),
            _ => (double)Integer(value, vr, 0),
        };
    }

    /// <summary>Writes a number given as text in the binary form of the VR.</summary>
    /// <exception cref="FormatException">The text is no number of this VR.</exception>
    /// <exception cref="OverflowException">The number does not fit.</exception>
    public static void Write(string text, Vr vr, Span<byte> target)
    {
        var culture = CultureInfo.InvariantCulture;
        switch (vr)
        {
            case Vr.US or Vr.OW: BinaryPrimitives.WriteUInt16LittleEndian(target, ushort.Parse(text, culture)); break;
            case Vr.SS: BinaryPrimitives.WriteInt16LittleEndian(target, short.Parse(text, culture)); break;
            case Vr.UL or Vr.OL: BinaryPrimitives.WriteUInt32LittleEndian(target, uint.Parse(text, culture)); break;
            case Vr.SL: BinaryPrimitives.WriteInt32LittleEndian(target, int.Parse(text, culture)); break;
            case Vr.UV or Vr.OV: BinaryPrimitives.WriteUInt64LittleEndian(target, ulong.Parse(text, culture)); break;
            case Vr.SV: BinaryPrimitives.WriteInt64LittleEndian(target, long.Parse(text, culture)); break;
            case Vr.FL or Vr.OF: BinaryPrimitives.WriteSingleLittleEndian(target, float.Parse(text, culture)); break;
            case Vr.FD or Vr.OD: BinaryPrimitives.WriteDoubleLittleEndian(target, double.Parse(text, culture)); break;
            case Vr.AT: WriteTag(Tag.Parse(text), target); break;
            default: throw new FormatException($"A value of VR {vr.Code()} is not set as text.");
        }
    }

    public static void WriteTag(Tag tag, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, tag.Group);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], tag.Element);
    }
}
