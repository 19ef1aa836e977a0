using System.Buffers;
using Panal.Dicom.Text;

namespace Panal.Dicom;

/// <summary>Text of a data set: bytes to strings by the Specific Character Set, and strings to values.</summary>
internal static class DataSetText
{
    public static string Decode(ReadOnlySpan<byte> value, Vr vr, ReadOnlySpan<string> characterSets) =>
        CharacterSets.ForTerms(characterSets).Decode(value, vr);

    /// <summary>False when a character has no place in the character sets and became a question mark.</summary>
    public static bool Encode(string text, Vr vr, ReadOnlySpan<string> characterSets, IBufferWriter<byte> target) =>
        CharacterSets.ForTerms(characterSets).Encode(text, vr, target);

    /// <summary>A value without the spaces and NULs that mean nothing (PS3.5 §6.2).</summary>
    public static string Trim(string value, Vr vr) => vr switch
    {
        Vr.LT or Vr.PN or Vr.ST or Vr.UC or Vr.UR or Vr.UT => value.TrimEnd(' ', '\0'),
        _ => value.Trim(' ', '\0'),
    };

    /// <inheritdoc cref="Trim(string, Vr)"/>
    /// <param name="utf8">The value in ASCII or UTF-8.</param>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> utf8, Vr vr) => vr switch
    {
        Vr.LT or Vr.PN or Vr.ST or Vr.UC or Vr.UR or Vr.UT => utf8.TrimEnd(" \0"u8),
        _ => utf8.Trim(" \0"u8),
    };
}
