using System.Buffers;
using Panal.Dicom;

namespace Panal.Archive.Retrieve;

/// <summary>
/// The data set of a stored instance in little endian and not deflated, to be read at any offset: from the file itself, or from a
/// conversion that begins anew when it has gone too far.
/// </summary>
public sealed class InstanceBytes : IAsyncDisposable
{
    /// <summary>Bytes that are read and sent at a time.</summary>
    public const int StepBytes = 128 << 10;

    private readonly Func<StoredFile> _open;
    private readonly StoredFile _file;
    private ConvertingStream? _converted;
    private long _convertedPosition;

    private InstanceBytes(StoredFile file, Func<StoredFile> open)
    {
        (_file, _open) = (file, open);
        IsConverted = file.TransferSyntax.IsBigEndian || file.TransferSyntax.IsDeflated;
        TransferSyntax = IsConverted ? TransferSyntax.ExplicitVrLittleEndian : file.TransferSyntax;
    }

    /// <summary>How the bytes come: as stored, else explicit VR little endian.</summary>
    public TransferSyntax TransferSyntax { get; }

    public bool IsConverted { get; }

    /// <summary>Opens an instance, as <see cref="Retriever.OpenFile(InstanceReference)"/> does; null when its bytes are not here.</summary>
    /// <exception cref="Volumes.ObjectMissingException">The bytes are not where the catalogue says.</exception>
    public static InstanceBytes? Open(Retriever retriever, InstanceReference instance) => Open(() => retriever.OpenFile(instance));

    internal static InstanceBytes? Open(Func<StoredFile?> open) => open() is { } file ? new InstanceBytes(file, () => open()!) : null;

    /// <summary>Reads the data set without its long values.</summary>
    public ValueTask<DataSetOutline> OutlineAsync(OutlineOptions options, CancellationToken ct)
    {
        if (IsConverted)
        {
            // What the outline reads ahead is lost for values: they begin anew.
            _convertedPosition = long.MaxValue;
            return OutlineReader.ReadAsync(_converted ??= Convert(), TransferSyntax, null, options, ct);
        }

        _file.Bytes.Position = _file.DataSetOffsetBytes;
        return OutlineReader.ReadAsync(_file.Bytes, TransferSyntax, _file.LengthBytes - _file.DataSetOffsetBytes, options, ct);
    }

    /// <summary>Writes a part of the data set.</summary>
    /// <exception cref="EndOfStreamException">The data set is shorter than that.</exception>
    public async ValueTask CopyAsync(long offset, long length, Stream target, CancellationToken ct)
    {
        var source = await StandAtAsync(offset, ct);
        var buffer = ArrayPool<byte>.Shared.Rent(StepBytes);
        try
        {
            while (length > 0)
            {
                var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(length, StepBytes)), ct);
                if (read == 0)
                {
                    throw new EndOfStreamException("A stored data set is shorter than its elements say");
                }

                _convertedPosition += IsConverted ? read : 0;
                length -= read;
                await target.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_converted is not null)
        {
            await _converted.DisposeAsync();
        }

        _file.Dispose();
    }

    private async ValueTask<Stream> StandAtAsync(long offset, CancellationToken ct)
    {
        if (!IsConverted)
        {
            _file.Bytes.Position = _file.DataSetOffsetBytes + offset;
            return _file.Bytes;
        }

        if (_converted is null || _convertedPosition > offset)
        {
            if (_converted is not null)
            {
                await _converted.DisposeAsync();
            }

            (_converted, _convertedPosition) = (Convert(), 0);
        }

        await SkipAsync(_converted, offset - _convertedPosition, ct);
        _convertedPosition = offset;
        return _converted;
    }

    private static async ValueTask SkipAsync(Stream source, long length, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(StepBytes);
        try
        {
            while (length > 0)
            {
                var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(length, StepBytes)), ct);
                length -= read > 0 ? read : throw new EndOfStreamException("A stored data set is shorter than its elements say");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A conversion owns its file: it may still read ahead when another one begins.</summary>
    private ConvertingStream Convert()
    {
        var file = _open();
        file.Bytes.Position = file.DataSetOffsetBytes;
        return new ConvertingStream(file.Bytes, file.TransferSyntax, TransferSyntax.ExplicitVrLittleEndian);
    }
}
