using System.Globalization;
using System.Security.Cryptography;

namespace Panal.DicomWeb.Answers;

/// <summary>What bodies of several parts have in common (RFC 2046 §5.1).</summary>
internal static class MultipartBody
{
    /// <summary>Longest boundary (RFC 2046 §5.1.1).</summary>
    public const int BoundaryLimit = 70;

    /// <summary>128 random bits: nothing that is held can contain it by design.</summary>
    public static string NewBoundary() => "panal-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>The head of one part, with the line that separates it from the part before.</summary>
    public static string HeadOf(string boundary, string contentType, string location, long? lengthBytes) => string.Create(
        CultureInfo.InvariantCulture,
        $"\r\n--{boundary}\r\nContent-Type: {contentType}\r\n{(lengthBytes is { } length ? $"Content-Length: {length}\r\n" : "")}Content-Location: {location}\r\n\r\n");

    public static string EndOf(string boundary) => $"\r\n--{boundary}--\r\n";
}
