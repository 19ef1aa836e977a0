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
        using var inflater = new InflatingStream(source, limits);
        var plain = new ArrayBufferWriter<byte>();
        while (inflater.Read(plain.GetSpan(StepBytes)) is var read and > 0)
        {
            plain.Advance(read);
            if (plain.WrittenCount > limits.MaximumDataSetLengthBytes)
            {
                throw new DicomFormatException("The inflated data set is too long for memory", plain.WrittenCount, DicomFormatReason.TooLong);
            }
        }

        return plain.WrittenSpan.ToArray();
    }

    public static void DeflateAll(ReadOnlySpan<byte> plain, IBufferWriter<byte> target)
    {
        using var deflated = new MemoryStream();
        using (var deflater = new DeflatingStream(deflated))
        {
            deflater.Write(plain);
        }

        target.Write(deflated.GetBuffer().AsSpan(0, (int)deflated.Length));
    }
}
