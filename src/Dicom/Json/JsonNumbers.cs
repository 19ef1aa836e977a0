using System.Globalization;

namespace Panal.Dicom.Json;

/// <summary>Numbers of JSON (RFC 8259 §6) and the decimal strings of DICOM (PS3.5 §6.2).</summary>
internal static class JsonNumbers
{
    /// <summary>Characters of a decimal string at most (PS3.5 §6.2).</summary>
    internal const int LongestDecimalString = 16;

    /// <summary>Whether text, in ASCII, is a number as JSON writes it.</summary>
    public static bool IsNumber(ReadOnlySpan<byte> text)
    {
        text = text.StartsWith((byte)'-') ? text[1..] : text;
        var digits = Digits(text);
        if (digits == 0 || (digits > 1 && text[0] == '0'))
        {
            return false;
        }

        text = text[digits..];
        if (text.StartsWith((byte)'.'))
        {
            digits = Digits(text[1..]);
            if (digits == 0)
            {
                return false;
            }

            text = text[(1 + digits)..];
        }

        if (text.Length == 0 || text[0] is not ((byte)'e' or (byte)'E'))
        {
            return text.Length == 0;
        }

        text = text.Length > 1 && text[1] is (byte)'+' or (byte)'-' ? text[2..] : text[1..];
        return text.Length > 0 && Digits(text) == text.Length;
    }

    /// <summary>A number of JSON as DS: unchanged where it fits its 16 characters, otherwise rounded; null when it is no finite number.</summary>
    public static string? ToDecimalString(string number)
    {
        if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
        {
            return null;
        }

        var text = number;
        for (var digits = 17; text.Length > LongestDecimalString; digits--)
        {
            text = value.ToString($"G{digits}", CultureInfo.InvariantCulture);
        }

        return text;
    }

    /// <summary>A number of JSON as IS, or null when it has a fraction or more digits than a number can keep.</summary>
    public static string? ToIntegerString(string number)
    {
        if (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            return number;
        }

        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsInteger(value) && Math.Abs(value) < 1e15
            ? ((long)value).ToString(CultureInfo.InvariantCulture)
            : null;
    }

    private static int Digits(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return end < 0 ? text.Length : end;
    }
}
