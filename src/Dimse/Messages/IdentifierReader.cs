using System.Buffers;
using System.IO.Pipelines;
using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>Reads data sets that are small by nature: identifiers and the data sets of N-services.</summary>
internal static class IdentifierReader
{
    /// <summary>Reads to the end and decodes.</summary>
    /// <exception cref="DicomFormatException">The data set is malformed, or longer than the limit.</exception>
    public static async ValueTask<DataSet> ReadAsync(PipeReader source, TransferSyntax syntax, int limitBytes, CancellationToken ct)
    {
        var limits = DecodeLimits.Default with { MaximumDataSetLengthBytes = limitBytes, MaximumInflatedLengthBytes = limitBytes };
        ArrayBufferWriter<byte>? kept = null;
        while (true)
        {
            var result = await source.ReadAsync(ct);
            if (result.IsCompleted && kept is null)
            {
                // The usual case: it came in one piece.
                var dataSet = Decode(result.Buffer, syntax, limits);
                source.AdvanceTo(result.Buffer.End);
                return dataSet;
            }

            kept ??= new ArrayBufferWriter<byte>();
            if (kept.WrittenCount + result.Buffer.Length > limitBytes)
            {
                throw new DicomFormatException("The data set is longer than can be held in memory", kept.WrittenCount, DicomFormatReason.TooLong);
            }

            foreach (var part in result.Buffer)
            {
                kept.Write(part.Span);
            }

            source.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return Decode(new ReadOnlySequence<byte>(kept.WrittenMemory), syntax, limits);
            }
        }
    }

    private static DataSet Decode(in ReadOnlySequence<byte> bytes, TransferSyntax syntax, DecodeLimits limits) =>
        DataSetEncoding.Decode(bytes, syntax, limits);
}

/// <summary>A data set that never was.</summary>
internal sealed class NoDataSet : PipeReader
{
    public static PipeReader Reader { get; } = new NoDataSet();

    private static ReadResult Nothing => new(ReadOnlySequence<byte>.Empty, isCanceled: false, isCompleted: true);

    public override void AdvanceTo(SequencePosition consumed)
    {
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
    }

    public override void CancelPendingRead()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => new(Nothing);

    public override bool TryRead(out ReadResult result)
    {
        result = Nothing;
        return true;
    }
}
