using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Panal.Dicom;

/// <summary>
/// Reads a data set from a stream without its long values, which are passed over: by seeking where the stream can, so that a file costs
/// one read however long it is.
/// </summary>
public sealed class OutlineReader
{
    /// <summary>One read takes the head of a usual image whole.</summary>
    private const int BufferBytes = 16 << 10;

    /// <summary>The values of a usual slice, which are some hundred bytes; what is longer takes blocks of its own.</summary>
    private const int ArenaBlockBytes = 2 << 10;

    /// <summary>Length of what stands in the place of a value that is left out.</summary>
    internal const int PlaceholderBytes = 2;

    private static readonly byte[] Placeholder = new byte[PlaceholderBytes];

    private readonly Stream _source;
    private readonly OutlineOptions _options;
    private readonly DataSetReader _reader;
    private readonly DataSetBuilder _builder = new();
    private readonly Dictionary<string, OmittedValue> _omitted = new(StringComparer.Ordinal);
    private readonly List<(Tag Tag, int Item)> _path = [];
    private readonly List<FragmentPlace> _fragments = [];
    private readonly byte[] _buffer;
    private int _start;
    private int _end;
    private bool _isFinal;
    private bool _isDone;
    private long _keptBytes;
    private Memory<byte> _arena;
    private long _fragmentsOffset;
    private uint[] _basicOffsets = [];
    private bool _isFirstFragment;

    private OutlineReader(Stream source, TransferSyntax syntax, long? lengthBytes, OutlineOptions options, byte[] buffer)
    {
        (_source, _options, _buffer) = (source, options, buffer);
        _reader = new DataSetReader(syntax, options.Limits, lengthBytes);
    }

    /// <summary>Reads one data set.</summary>
    /// <param name="source">Stands at its first byte; not deflated.</param>
    /// <param name="syntax">Its transfer syntax.</param>
    /// <param name="lengthBytes">Its length where that is known.</param>
    /// <param name="options">What is kept.</param>
    /// <param name="ct">Stops between two reads.</param>
    /// <exception cref="DicomFormatException">The bytes are no data set, or beyond a limit.</exception>
    public static async ValueTask<DataSetOutline> ReadAsync(
        Stream source, TransferSyntax syntax, long? lengthBytes, OutlineOptions options, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            return await new OutlineReader(source, syntax, lengthBytes, options, buffer).ReadAsync(ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<DataSetOutline> ReadAsync(CancellationToken ct)
    {
        while (!_isDone)
        {
            if (TryReadToken(out var token))
            {
                if (token.Kind is not (DataSetTokenKind.Element or DataSetTokenKind.Fragment))
                {
                    Follow(token);
                }
                else if (!TryTake(token))
                {
                    await TakeAsync(token, ct);
                }
            }
            else if (_reader.IsAtEnd)
            {
                break;
            }
            else
            {
                await FillAsync(ct);
            }
        }

        return new DataSetOutline(_builder.DataSet, _omitted);
    }

    private bool TryReadToken(out DataSetToken token)
    {
        var found = _reader.TryRead(_buffer.AsSpan(_start, _end - _start), _isFinal, out token, out var used);
        _start += used;
        return found;
    }

    /// <summary>Passes over what is left of a value, and reads on.</summary>
    private async ValueTask FillAsync(CancellationToken ct)
    {
        if (_reader.ValueRemainingBytes > 0 && _start == _end && _source.CanSeek)
        {
            var left = Math.Min(_reader.ValueRemainingBytes, _source.Length - _source.Position);
            _source.Position += left;
            _reader.Advance(left);
        }

        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var read = await _source.ReadAsync(_buffer.AsMemory(_end), ct);
        _end += read;
        _isFinal = read == 0;
    }

    /// <summary>Takes an element that is left out or has been read whole, as nearly all are.</summary>
    private bool TryTake(in DataSetToken token)
    {
        if (token.Kind != DataSetTokenKind.Element)
        {
            return false;
        }

        if (IsLong(token))
        {
            _omitted[PathOf(token.Tag)] = new OmittedValue(token.Vr, _reader.OffsetBytes, token.LengthBytes, []);
            _builder.Add(token, Placeholder);
            return true;
        }

        if (token.LengthBytes > _end - _start)
        {
            return false;
        }

        var value = Reserve((int)token.LengthBytes);
        TakeRead(value.Span);
        _builder.Add(token, InLittleEndian(token, value));
        return true;
    }

    private async ValueTask TakeAsync(DataSetToken token, CancellationToken ct)
    {
        if (token.Kind == DataSetTokenKind.Fragment)
        {
            await TakeFragmentAsync(token, ct);
            return;
        }

        _builder.Add(token, InLittleEndian(token, await ReadValueAsync(token, ct)));
    }

    private async ValueTask TakeFragmentAsync(DataSetToken token, CancellationToken ct)
    {
        if (!_isFirstFragment)
        {
            _fragments.Add(new FragmentPlace(_reader.OffsetBytes, token.LengthBytes));
            return;
        }

        _isFirstFragment = false;
        if (token.LengthBytes > _options.Limits.MaximumDataSetLengthBytes / 8)
        {
            throw new DicomFormatException("The basic offset table is too long", _reader.OffsetBytes, DicomFormatReason.TooLong);
        }

        var table = await ReadValueAsync(token, ct);
        _basicOffsets = new uint[table.Length / 4];
        for (var index = 0; index < _basicOffsets.Length; index++)
        {
            _basicOffsets[index] = BinaryPrimitives.ReadUInt32LittleEndian(table.Span[(4 * index)..]);
        }
    }

    private async ValueTask<Memory<byte>> ReadValueAsync(DataSetToken token, CancellationToken ct)
    {
        var value = Reserve((int)token.LengthBytes);
        var taken = TakeRead(value.Span);
        while (taken < value.Length)
        {
            var read = await _source.ReadAsync(value[taken..], ct);
            if (read == 0)
            {
                throw new DicomFormatException("The value ends too early", _reader.OffsetBytes, DicomFormatReason.Truncated);
            }

            taken += read;
            _reader.Advance(read);
        }

        return value;
    }

    /// <summary>Copies what has been read of a value.</summary>
    private int TakeRead(Span<byte> value)
    {
        var taken = Math.Min(value.Length, _end - _start);
        _buffer.AsSpan(_start, taken).CopyTo(value);
        _start += taken;
        _reader.Advance(taken);
        return taken;
    }

    private Memory<byte> InLittleEndian(in DataSetToken token, Memory<byte> value)
    {
        if (_reader.IsBigEndian)
        {
            ByteOrder.Swap(value.Span, token.Vr.UnitLengthBytes());
        }

        return value;
    }

    private Memory<byte> Reserve(int length)
    {
        _keptBytes += length;
        if (_keptBytes > _options.Limits.MaximumDataSetLengthBytes)
        {
            throw new DicomFormatException("The data set is too long to be kept in memory", _reader.OffsetBytes, DicomFormatReason.TooLong);
        }

        if (_arena.Length < length)
        {
            _arena = new byte[Math.Max(length, ArenaBlockBytes)];
        }

        var reserved = _arena[..length];
        _arena = _arena[length..];
        return reserved;
    }

    private void Follow(in DataSetToken token)
    {
        switch (token.Kind)
        {
            case DataSetTokenKind.SequenceStart:
                _path.Add((token.Tag, -1));
                break;
            case DataSetTokenKind.ItemStart:
                _path[^1] = (_path[^1].Tag, _path[^1].Item + 1);
                break;
            case DataSetTokenKind.SequenceEnd:
                _path.RemoveAt(_path.Count - 1);
                break;
            case DataSetTokenKind.FragmentsStart:
                (_fragmentsOffset, _isFirstFragment, _basicOffsets) = (_reader.OffsetBytes, true, []);
                _fragments.Clear();
                if (token.Depth == 0 && !_options.ListsFragments)
                {
                    EndFragments(token, -1);
                    _isDone = true;
                    return;
                }

                return;
            case DataSetTokenKind.FragmentsEnd:
                EndFragments(token, _fragments.Sum(fragment => fragment.LengthBytes));
                return;
        }

        _builder.Add(token, default);
    }

    private void EndFragments(in DataSetToken token, long length)
    {
        _builder.Add(token with { Kind = DataSetTokenKind.FragmentsStart }, default);
        _builder.Add(token with { Kind = DataSetTokenKind.Fragment }, Placeholder);
        _builder.Add(token with { Kind = DataSetTokenKind.FragmentsEnd }, default);
        _omitted[PathOf(token.Tag)] = new OmittedValue(token.Vr, _fragmentsOffset, length, [.. _fragments])
        {
            IsEncapsulated = true,
            BasicOffsets = _basicOffsets,
        };
    }

    private bool IsLong(in DataSetToken token)
    {
        if (token.LengthBytes == 0)
        {
            return false;
        }

        var isBytes = token.Vr is Vr.OB or Vr.OD or Vr.OF or Vr.OL or Vr.OV or Vr.OW or Vr.UN;
        return token.Tag.Value is 0x7FE0_0008 or 0x7FE0_0009 or 0x7FE0_0010
            || token.LengthBytes > (isBytes ? _options.BytesLimitBytes : _options.TextLimitBytes);
    }

    private string PathOf(Tag tag)
    {
        if (_path.Count == 0)
        {
            return tag.Value.ToString("X8", CultureInfo.InvariantCulture);
        }

        var path = new StringBuilder();
        foreach (var (sequence, item) in _path)
        {
            path.Append(CultureInfo.InvariantCulture, $"{sequence.Value:X8}/{item}/");
        }

        return path.Append(CultureInfo.InvariantCulture, $"{tag.Value:X8}").ToString();
    }
}
