using System.Buffers;
using System.Text;

namespace Panal.Dicom;

/// <summary>Text of a data set: bytes to strings by the Specific Character Set, and strings to values.</summary>
internal static class DataSetText
{
    public static string Decode(ReadOnlySpan<byte> value, Vr vr, ReadOnlySpan<string> characterSets) =>
        vr.IsText() && IsUtf8(characterSets) ? Encoding.UTF8.GetString(value) : Encoding.Latin1.GetString(value);

    public static void Encode(string text, Vr vr, ReadOnlySpan<string> characterSets, IBufferWriter<byte> target)
    {
        var encoding = vr.IsText() && IsUtf8(characterSets) ? Encoding.UTF8 : Encoding.Latin1;
        encoding.GetBytes(text, target);
    }

    /// <summary>A value without the spaces and NULs that mean nothing (PS3.5 §6.2).</summary>
    public static string Trim(string value, Vr vr) => vr switch
    {
        Vr.LT or Vr.PN or Vr.ST or Vr.UC or Vr.UR or Vr.UT => value.TrimEnd(' ', '\0'),
        _ => value.Trim(' ', '\0'),
    };

    private static bool IsUtf8(ReadOnlySpan<string> characterSets) => characterSets.Length > 0 && characterSets[0] == "ISO_IR 192";
}
