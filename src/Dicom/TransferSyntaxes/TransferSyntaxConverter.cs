using System.Buffers;
using System.IO.Pipelines;

namespace Panal.Dicom;

/// <summary>
/// Converts data sets among implicit and explicit little endian, explicit big endian and deflated, as they stream by. The data set
/// stays equal: sequences and items are written with undefined length, group lengths are left out (retired, PS3.5 §7.2), and UN of
/// undefined length becomes the sequence that it is (PS3.5 §6.2.2).
/// </summary>
public static class TransferSyntaxConverter
{
    private const int StepBytes = 64 << 10;

    /// <summary>Whether both are among the four syntaxes that differ in their elements only.</summary>
    public static bool CanConvert(TransferSyntax from, TransferSyntax to) => from.Uid == to.Uid || (IsPlain(from) && IsPlain(to));

    /// <summary>Converts one data set; source and target stay open, the target is flushed.</summary>
    /// <exception cref="DicomFormatException">The source is no data set, beyond a limit, or cannot be converted.</exception>
    public static async Task ConvertAsync(
        Stream source, TransferSyntax from, Stream target, TransferSyntax to, DecodeLimits limits, CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(source, new StreamPipeReaderOptions(bufferSize: StepBytes, leaveOpen: true));
        var writer = PipeWriter.Create(target, new StreamPipeWriterOptions(minimumBufferSize: StepBytes, leaveOpen: true));
        try
        {
            await ConvertAsync(reader, from, writer, to, limits, cancellationToken);
        }
        finally
        {
            await reader.CompleteAsync();
            await writer.CompleteAsync();
        }
    }

    /// <summary>Converts one data set; source and target are not completed, the target is flushed.</summary>
    /// <exception cref="DicomFormatException">The source is no data set, beyond a limit, or cannot be converted.</exception>
    public static async Task ConvertAsync(
        PipeReader source, TransferSyntax from, PipeWriter target, TransferSyntax to, DecodeLimits limits, CancellationToken cancellationToken)
    {
        if (!CanConvert(from, to))
        {
            throw new DicomFormatException("The transfer syntaxes cannot be converted", 0, DicomFormatReason.NotConvertible);
        }

        if (from.Uid == to.Uid)
        {
            await source.CopyToAsync(target, cancellationToken);
            return;
        }

        var plainSource = from.IsDeflated
            ? PipeReader.Create(new InflatingStream(source.AsStream(leaveOpen: true), limits), new StreamPipeReaderOptions(bufferSize: StepBytes))
            : source;
        var deflater = to.IsDeflated ? new DeflatingStream(target.AsStream(leaveOpen: true)) : null;
        var plainTarget = deflater is null
            ? target
            : PipeWriter.Create(deflater, new StreamPipeWriterOptions(minimumBufferSize: StepBytes, leaveOpen: true));
        try
        {
            if (from.HasSameElementEncoding(to))
            {
                await plainSource.CopyToAsync(plainTarget, cancellationToken);
            }
            else
            {
                await ConvertElementsAsync(plainSource, plainTarget, new ElementConversion(from, to, limits), cancellationToken);
            }
        }
        finally
        {
            if (from.IsDeflated)
            {
                await plainSource.CompleteAsync();
            }

            if (deflater is not null)
            {
                await plainTarget.CompleteAsync();
                await deflater.DisposeAsync();
            }
        }

        await target.FlushAsync(cancellationToken);
    }

    private static async Task ConvertElementsAsync(
        PipeReader source, PipeWriter target, ElementConversion conversion, CancellationToken cancellationToken)
    {
        while (!conversion.IsAtEnd)
        {
            var read = await source.ReadAsync(cancellationToken);
            var consumed = conversion.Convert(read.Buffer, read.IsCompleted, target);
            source.AdvanceTo(consumed, read.Buffer.End);
            await target.FlushAsync(cancellationToken);
        }
    }

    private static bool IsPlain(TransferSyntax syntax) => syntax.Uid is Uids.ImplicitVRLittleEndian or Uids.ExplicitVRLittleEndian
        or Uids.ExplicitVRBigEndian or Uids.DeflatedExplicitVRLittleEndian;
}
