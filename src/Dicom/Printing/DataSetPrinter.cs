using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Panal.Dicom.Printing;

/// <summary>Prints data sets for people, one line an element, in constant memory whatever their size.</summary>
/// <remarks>
/// <code>
/// (0010,0010) PN       10  PatientName                        Doe^John
/// (0032,1064) SQ     open  RequestedProcedureCodeSequence
///   item 1              52
///     (0008,0100) SH        6  CodeValue                      T-D03
/// (7FE0,0010) OB     open  PixelData
///   offset table         4  0
///   fragment 1      123456  FF D8 FF …
/// </code>
/// </remarks>
public static class DataSetPrinter
{
    private const int StepBytes = 64 << 10;

    /// <summary>Prints a file: its file meta information, then its data set.</summary>
    /// <param name="source">The file from its first byte; stays open.</param>
    /// <param name="target">Gets whole lines; what stands before damage is printed before the exception.</param>
    /// <param name="options">Width and limits.</param>
    /// <param name="cancellationToken">Stops between lines.</param>
    /// <exception cref="DicomFormatException">The bytes are not DICOM, are damaged, or beyond a limit.</exception>
    public static async Task PrintFileAsync(Stream source, TextWriter target, DataSetPrinterOptions options, CancellationToken cancellationToken)
    {
        var pipe = PipeReader.Create(source, new StreamPipeReaderOptions(bufferSize: StepBytes, leaveOpen: true));
        try
        {
            var meta = await ReadMetaAsync(pipe, cancellationToken);
            await PrintMetaAsync(meta, target, options, cancellationToken);
            await PrintAsync(pipe.AsStream(leaveOpen: true), meta.TransferSyntax, target, options, cancellationToken);
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }

    /// <summary>Prints a data set.</summary>
    /// <param name="source">The data set from its first byte, deflated if its syntax is; stays open.</param>
    /// <param name="syntax">Its transfer syntax.</param>
    /// <inheritdoc cref="PrintFileAsync"/>
    public static async Task PrintAsync(
        Stream source, TransferSyntax syntax, TextWriter target, DataSetPrinterOptions options, CancellationToken cancellationToken)
    {
        await using var inflater = syntax.IsDeflated ? new InflatingStream(source, options.Limits) : null;
        var pipe = PipeReader.Create(inflater ?? source, new StreamPipeReaderOptions(bufferSize: StepBytes, leaveOpen: true));
        try
        {
            var reader = new DataSetReader(syntax, options.Limits);
            await PrintElementsAsync(pipe, reader, target, options, cancellationToken);
            if (reader.Anomalies != DataSetAnomalies.None)
            {
                await target.WriteLineAsync($"# Odd: {reader.Anomalies}".AsMemory(), cancellationToken);
            }
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }

    private static async Task<FileMetaInformation> ReadMetaAsync(PipeReader pipe, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await pipe.ReadAsync(cancellationToken);
            if (FileMeta.TryReadHeader(result.Buffer, result.IsCompleted, out var meta, out var consumed))
            {
                pipe.AdvanceTo(consumed);
                return meta!;
            }

            pipe.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                throw new DicomFormatException("Not a DICOM file", 0, DicomFormatReason.NotDicom);
            }
        }
    }

    private static async Task PrintMetaAsync(
        FileMetaInformation meta, TextWriter target, DataSetPrinterOptions options, CancellationToken cancellationToken)
    {
        if (meta.Elements.Count > 0)
        {
            await target.WriteLineAsync("# File meta information".AsMemory(), cancellationToken);
        }

        var line = new ElementLine(options with { ShowsOffsets = false });
        foreach (var element in meta.Elements)
        {
            var token = new DataSetToken(DataSetTokenKind.Element, element.Tag, element.Vr, element.Value.Length, 0, 0);
            await target.WriteLineAsync(line.Compose(token, element.Value.Span[..line.WantedBytes(token)]), cancellationToken);
        }

        var told = meta.TellsTransferSyntax ? "" : ", which the file does not tell";
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"# Data set at byte {meta.DataSetOffsetBytes} in {meta.TransferSyntax.Name}{told}");
        await target.WriteLineAsync(text, cancellationToken);
    }

    private static async Task PrintElementsAsync(
        PipeReader pipe, DataSetReader reader, TextWriter target, DataSetPrinterOptions options, CancellationToken cancellationToken)
    {
        var line = new ElementLine(options);
        var value = new byte[Math.Max(options.ValueLimitBytes, 0)];
        DataSetToken? waiting = null;
        while (!reader.IsAtEnd)
        {
            var result = await pipe.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            while (waiting is not null || TryRead(reader, ref buffer, result.IsCompleted, out waiting))
            {
                var token = waiting!.Value;
                var wanted = line.WantedBytes(token);
                if (buffer.Length < wanted)
                {
                    if (!result.IsCompleted)
                    {
                        break;
                    }

                    throw new DicomFormatException("The value ends too early", token.OffsetBytes, DicomFormatReason.Truncated);
                }

                buffer.Slice(0, wanted).CopyTo(value);
                if (reader.IsBigEndian && token.Kind == DataSetTokenKind.Element)
                {
                    ByteOrder.Swap(value.AsSpan(0, wanted), token.Vr.UnitLengthBytes());
                }

                waiting = null;
                if (line.Compose(token, value.AsSpan(0, wanted)) is { } text)
                {
                    await target.WriteLineAsync(text, cancellationToken);
                }
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static bool TryRead(DataSetReader reader, ref ReadOnlySequence<byte> buffer, bool isFinal, out DataSetToken? token)
    {
        var found = reader.TryRead(buffer, isFinal, out var read, out var consumed);
        buffer = buffer.Slice(consumed);
        token = found ? read : null;
        return found;
    }
}
