using System.Runtime.CompilerServices;

namespace Panal.Dicom;

/// <summary>Value representation; the number is the two letters as they stand on the wire, first letter high (PS3.5 §6.2).</summary>
public enum Vr : ushort
{
    None = 0,
    AE = ('A' << 8) | 'E',
    AS = ('A' << 8) | 'S',
    AT = ('A' << 8) | 'T',
    CS = ('C' << 8) | 'S',
    DA = ('D' << 8) | 'A',
    DS = ('D' << 8) | 'S',
    DT = ('D' << 8) | 'T',
    FD = ('F' << 8) | 'D',
    FL = ('F' << 8) | 'L',
    IS = ('I' << 8) | 'S',
    LO = ('L' << 8) | 'O',
    LT = ('L' << 8) | 'T',
    OB = ('O' << 8) | 'B',
    OD = ('O' << 8) | 'D',
    OF = ('O' << 8) | 'F',
    OL = ('O' << 8) | 'L',
    OV = ('O' << 8) | 'V',
    OW = ('O' << 8) | 'W',
    PN = ('P' << 8) | 'N',
    SH = ('S' << 8) | 'H',
    SL = ('S' << 8) | 'L',
    SQ = ('S' << 8) | 'Q',
    SS = ('S' << 8) | 'S',
    ST = ('S' << 8) | 'T',
    SV = ('S' << 8) | 'V',
    TM = ('T' << 8) | 'M',
    UC = ('U' << 8) | 'C',
    UI = ('U' << 8) | 'I',
    UL = ('U' << 8) | 'L',
    UN = ('U' << 8) | 'N',
    UR = ('U' << 8) | 'R',
    US = ('U' << 8) | 'S',
    UT = ('U' << 8) | 'T',
    UV = ('U' << 8) | 'V',
}

/// <summary>What the value representations have in common (PS3.5 §6.2, Table 6.2-1; §7.1.2).</summary>
public static class VrExtensions
{
    /// <summary>Whether the explicit header has two reserved bytes and a length of 32 bits (PS3.5 Table 7.1-1).</summary>
    public static bool HasLongLength(this Vr vr) => vr switch
    {
        Vr.OB or Vr.OD or Vr.OF or Vr.OL or Vr.OV or Vr.OW or Vr.SQ or Vr.SV or Vr.UC or Vr.UN or Vr.UR or Vr.UT or Vr.UV => true,
        _ => !vr.IsKnown(),
    };

    /// <summary>Whether the standard defines it.</summary>
    public static bool IsKnown(this Vr vr) => vr switch
    {
        Vr.AE or Vr.AS or Vr.AT or Vr.CS or Vr.DA or Vr.DS or Vr.DT or Vr.FD or Vr.FL or Vr.IS or Vr.LO or Vr.LT or Vr.OB or Vr.OD
            or Vr.OF or Vr.OL or Vr.OV or Vr.OW or Vr.PN or Vr.SH or Vr.SL or Vr.SQ or Vr.SS or Vr.ST or Vr.SV or Vr.TM or Vr.UC
            or Vr.UI or Vr.UL or Vr.UN or Vr.UR or Vr.US or Vr.UT or Vr.UV => true,
        _ => false,
    };

    /// <summary>Whether values are text in the Specific Character Set (PS3.5 §6.1.2.2).</summary>
    public static bool IsText(this Vr vr) =>
        vr is Vr.LO or Vr.LT or Vr.PN or Vr.SH or Vr.ST or Vr.UC or Vr.UT;

    /// <summary>Whether values are characters of any kind.</summary>
    public static bool IsString(this Vr vr) => vr.IsText()
        || vr is Vr.AE or Vr.AS or Vr.CS or Vr.DA or Vr.DS or Vr.DT or Vr.IS or Vr.TM or Vr.UI or Vr.UR;

    /// <summary>Whether values are numbers, tags or bytes.</summary>
    public static bool IsBinary(this Vr vr) => vr != Vr.SQ && vr.IsKnown() && !vr.IsString();

    /// <summary>Whether a backslash separates values; it is a character in LT, ST, UT and UR.</summary>
    public static bool IsMultiValued(this Vr vr) => vr is not (Vr.LT or Vr.ST or Vr.UT or Vr.UR);

    /// <summary>Bytes that change order together between little and big endian: 1, 2, 4 or 8 (PS3.5 §7.3).</summary>
    public static int UnitLengthBytes(this Vr vr) => vr switch
    {
        Vr.AT or Vr.OW or Vr.SS or Vr.US => 2,
        Vr.FL or Vr.OF or Vr.OL or Vr.SL or Vr.UL => 4,
        Vr.FD or Vr.OD or Vr.OV or Vr.SV or Vr.UV => 8,
        _ => 1,
    };

    /// <summary>The byte that makes an odd value even (PS3.5 §6.2).</summary>
    public static byte PaddingByte(this Vr vr) => vr.IsString() && vr != Vr.UI ? (byte)' ' : (byte)0;

    /// <summary>The two letters.</summary>
    public static string Code(this Vr vr) =>
        vr.IsKnown() ? vr.ToString() : string.Create(2, vr, static (span, vr) => (span[0], span[1]) = ((char)((ushort)vr >> 8), (char)((ushort)vr & 0xFF)));

    /// <summary>Whether two bytes could be a VR of this or a later edition: two capital letters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsVrCode(byte first, byte second) => first - (uint)'A' <= 'Z' - 'A' && second - (uint)'A' <= 'Z' - 'A';
}
