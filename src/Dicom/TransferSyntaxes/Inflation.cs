using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;

namespace Panal.Dicom;

/// <summary>Whole data sets of the deflated transfer syntax in memory (PS3.5 §A.5, RFC 1951).</summary>
internal static class Inflation
{
    private const int StepBytes = 64 << 10;

    /// <exception cref="DicomFormatException">The bytes are corrupt, or become more than a limit.</exception>
    public static byte[] InflateAll(in ReadOnlySequence<byte> bytes, DecodeLimits limits)
    {
        using var source = PipeReader.Create(bytes).AsStream();
        using var inflater = new DeflateStream(source, CompressionMode.Decompress);
        var plain = new ArrayBufferWriter<byte>();
        try
        {
            while (true)
            {
                var read = inflater.Read(plain.GetSpan(StepBytes));
                if (read == 0)
                {
                    return plain.WrittenSpan.ToArray();
                }

                plain.Advance(read);
                InflationLimit.Check(bytes.Length, plain.WrittenCount, limits);
                if (plain.WrittenCount > limits.MaximumDataSetLengthBytes)
                {
                    throw new DicomFormatException("The inflated data set is too long for memory", plain.WrittenCount, DicomFormatReason.TooLong);
                }
            }
        }
        catch (InvalidDataException)
        {
            throw new DicomFormatException("The deflated bytes are corrupt", plain.WrittenCount, DicomFormatReason.DeflateCorrupt);
        }
    }

    public static void DeflateAll(ReadOnlySpan<byte> plain, IBufferWriter<byte> target)
    {
        using var deflated = new MemoryStream();
        using (var deflater = new DeflateStream(deflated, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflater.Write(plain);
        }

        target.Write(deflated.GetBuffer().AsSpan(0, (int)deflated.Length));
        if ((deflated.Length & 1) != 0)
        {
            target.Write([(byte)0]);
        }
    }
}

/// <summary>Stops a data set that is small on the wire and without end in memory.</summary>
internal static class InflationLimit
{
    /// <exception cref="DicomFormatException">Too many bytes, or too many for so few deflated ones.</exception>
    public static void Check(long deflatedBytes, long inflatedBytes, DecodeLimits limits)
    {
        if (inflatedBytes > limits.MaximumInflatedLengthBytes
            || (inflatedBytes > limits.InflatedLengthWithoutRatioBytes && inflatedBytes / limits.MaximumInflateRatio > deflatedBytes))
        {
            throw new DicomFormatException("The deflated bytes become too many", inflatedBytes, DicomFormatReason.DeflateLimit);
        }
    }
}
