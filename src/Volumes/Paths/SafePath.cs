using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Panal.Volumes;

/// <summary>Makes any text a safe name in a directory, and checks the paths of objects.</summary>
public static class SafePath
{
    /// <summary>Longest name that <see cref="Component"/> gives, in characters: UIDs (64) stay as they are.</summary>
    public const int ComponentLimit = 64;

    /// <summary>Longest object path, in bytes of UTF-8.</summary>
    public const int PathLimitBytes = 1_024;

    /// <summary>Longest component of an object path, in bytes of UTF-8: the limit of the usual file systems.</summary>
    public const int ComponentLimitBytes = 255;

    private const int PrefixLength = 24;
    private const int DigestBytes = 16;         // 128 bits: nobody can craft two texts with one name

    private static readonly SearchValues<char> Plain = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ._-");
    private static readonly SearchValues<char> Readable =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-");

    /// <summary>
    /// A name for any text, at most 64 characters of [0-9A-Za-z._~-]. Texts of digits, capitals, '.', '_' and '-' stay
    /// as they are; any other text becomes a readable beginning, '~', and a hash, so that two different texts never get
    /// the same name, not even where names ignore case.
    /// </summary>
    public static string Component(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsPlain(text) ? text : Hashed(text);
    }

    /// <summary>True if a relative path of an object may be used: components separated by '/', none of them special.</summary>
    public static bool IsValid(string? path)
    {
        if (string.IsNullOrEmpty(path) || path.Length > PathLimitBytes || Encoding.UTF8.GetByteCount(path) > PathLimitBytes)
        {
            return false;
        }

        foreach (var range in path.AsSpan().Split('/'))
        {
            if (!IsValidComponent(path.AsSpan()[range]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsValidComponent(ReadOnlySpan<char> component)
    {
        // A leading '.' covers "." and ".." and the directory that the volume keeps for itself.
        if (component.IsEmpty || component[0] == '.' || component[^1] is '.' or ' ' || component.Contains('\\')
            || component.Contains(':') || Encoding.UTF8.GetByteCount(component) > ComponentLimitBytes)
        {
            return false;
        }

        foreach (var character in component)
        {
            if (char.IsControl(character) || char.IsSurrogate(character))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsPlain(string text) =>
        text.Length is > 0 and <= ComponentLimit
        && !text.AsSpan().ContainsAnyExcept(Plain)
        && text[0] is not ('.' or '-')
        && text[^1] != '.'
        && !IsDevice(text);

    // Names that Windows gives to devices, with any extension.
    private static bool IsDevice(string text)
    {
        var dot = text.IndexOf('.');
        var name = dot < 0 ? text.AsSpan() : text.AsSpan(0, dot);
        return name is "CON" or "PRN" or "AUX" or "NUL"
            || (name.Length == 4 && name[..3] is "COM" or "LPT" && char.IsAsciiDigit(name[3]));
    }

    private static string Hashed(string text)
    {
        var beginning = text.AsSpan(0, Math.Min(text.Length, PrefixLength));
        Span<char> prefix = stackalloc char[PrefixLength];
        for (var index = 0; index < beginning.Length; index++)
        {
            prefix[index] = Readable.Contains(beginning[index]) ? beginning[index] : '_';
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()), digest);
        var readable = prefix[..beginning.Length].Trim("_-");
        return $"{readable}~{Convert.ToHexStringLower(digest[..DigestBytes])}";
    }
}
