using System.Buffers;

namespace Panal.Dicom;

/// <summary>Which top-level attributes a scanner keeps; Specific Character Set always, because text needs it.</summary>
public sealed class ElementSelection
{
    private readonly uint[] _tags;

    public ElementSelection(params ReadOnlySpan<Tag> tags)
    {
        var sorted = new SortedSet<uint> { Tags.SpecificCharacterSet.Value };
        foreach (var tag in tags)
        {
            sorted.Add(tag.Value);
        }

        _tags = [.. sorted];
    }

    /// <summary>The highest tag: nothing after it is wanted.</summary>
    public Tag Last => new(_tags[^1]);

    public bool Contains(Tag tag) => _tags.AsSpan().BinarySearch(tag.Value) >= 0;
}

/// <summary>What a scanner keeps at most, and how far it looks.</summary>
public sealed record ScanOptions
{
    public static ScanOptions Default { get; } = new();

    /// <summary>Longest value that is kept, in bytes; longer ones are left out. Twice the longest text of a short VR.</summary>
    public int ValueLimitBytes { get; init; } = 64 << 10;

    /// <summary>Most bytes of values that are kept; what comes after is left out.</summary>
    public int TotalLimitBytes { get; init; } = 1 << 20;

    /// <summary>Whether to walk over Pixel Data to the end, so that a cut data set is found; else the scan is done at Pixel Data.</summary>
    public bool WalksToEnd { get; init; } = true;

    public DecodeLimits Limits { get; init; } = DecodeLimits.Default;
}

/// <summary>
/// Keeps the wanted attributes of a data set while its bytes flow by in pieces of any size. Memory is constant, values that are not
/// wanted are passed over arithmetically, and nothing is allocated per piece. One scanner can scan data set after data set.
/// </summary>
public sealed class ElementScanner : IDisposable
{
    private const int ArenaBlockBytes = 4096;
    private const int InflatedStepBytes = 32 << 10;

    private readonly ElementSelection _wanted;
    private readonly ScanOptions _options;
    private readonly DataSetReader _reader;
    private readonly DataSetBuilder _builder = new();

    // Bytes of a header that a piece has cut, and what follows them in the next piece.
    private readonly byte[] _carry = new byte[2 * DataSetReader.LookAheadBytes];
    private int _carryLength;

    private Memory<byte> _arena;
    private int _keptBytes;
    private DataSetToken _kept;
    private Memory<byte> _keptValue;
    private int _keptLength;
    private bool _isKeepingValue;
    private bool _isInsideKept;

    private PushedSource? _pushed;
    private InflatingStream? _inflater;
    private byte[]? _inflated;

    public ElementScanner(ElementSelection wanted, ScanOptions options)
    {
        _wanted = wanted;
        _options = options;
        _reader = new DataSetReader(TransferSyntax.ExplicitVrLittleEndian, options.Limits);
    }

    /// <summary>Whether more bytes would change nothing.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Whether a wanted attribute was left out because of a limit.</summary>
    public bool HasOmissions { get; private set; }

    /// <summary>The wanted attributes so far.</summary>
    public DataSet Attributes => _builder.DataSet;

    /// <summary>What was odd so far.</summary>
    public DataSetAnomalies Anomalies => _reader.Anomalies;

    /// <summary>Begins a data set; what was kept of the last one belongs to its taker.</summary>
    public void Start(TransferSyntax syntax)
    {
        _reader.Reset(syntax);
        _builder.Reset();
        _carryLength = 0;
        _keptBytes = 0;
        _isKeepingValue = false;
        _isInsideKept = false;
        IsDone = false;
        HasOmissions = false;

        // Values of the last data set are slices of the arena; the rest of it serves the next one.
        _inflater?.Dispose();
        _inflater = null;
        if (syntax.IsDeflated)
        {
            _pushed = new PushedSource();
            _inflater = new InflatingStream(_pushed, _options.Limits);
            _inflated ??= new byte[InflatedStepBytes];
        }
    }

    /// <summary>Shows the next bytes of the data set as they came.</summary>
    /// <exception cref="DicomFormatException">The bytes are no data set, or beyond a limit.</exception>
    public void Append(in ReadOnlySequence<byte> bytes)
    {
        if (IsDone)
        {
            return;
        }

        if (bytes.IsSingleSegment)
        {
            Append(bytes.First);
            return;
        }

        foreach (var segment in bytes)
        {
            Append(segment);
        }
    }

    /// <inheritdoc cref="Append(in ReadOnlySequence{byte})"/>
    public void Append(ReadOnlyMemory<byte> bytes)
    {
        if (IsDone)
        {
            return;
        }

        if (_inflater is null)
        {
            Scan(bytes.Span);
            return;
        }

        _pushed!.Push(bytes);
        while (!IsDone && _inflater.Read(_inflated) is var read and > 0)
        {
            Scan(_inflated.AsSpan(0, read));
        }

        _pushed.Push(default);
    }

    /// <summary>Tells that the data set has ended.</summary>
    /// <returns>The wanted attributes.</returns>
    /// <exception cref="DicomFormatException">The data set ends inside an element, item or sequence, as far as it was scanned.</exception>
    public DataSet Complete()
    {
        if (!IsDone)
        {
            var rest = _carry.AsSpan(0, _carryLength);
            while (_reader.TryRead(rest, isFinal: true, out var token, out var used))
            {
                rest = rest[used..];
                OnToken(token);
            }

            IsDone = true;
        }

        return Attributes;
    }

    public void Dispose() => _inflater?.Dispose();

    private void Scan(ReadOnlySpan<byte> bytes)
    {
        while (_carryLength > 0 && !bytes.IsEmpty)
        {
            var carried = _carryLength;
            var added = Math.Min(bytes.Length, DataSetReader.LookAheadBytes);
            bytes[..added].CopyTo(_carry.AsSpan(carried));
            var joined = _carry.AsSpan(0, carried + added);
            var used = Walk(joined);
            if (used >= carried)
            {
                bytes = bytes[(used - carried)..];
                _carryLength = 0;
                break;
            }

            // The piece was too short to end the header: all of it is carried on.
            joined[used..].CopyTo(_carry);
            _carryLength = joined.Length - used;
            bytes = bytes[added..];
        }

        if (!bytes.IsEmpty && !IsDone)
        {
            var used = Walk(bytes);
            bytes[used..].CopyTo(_carry);
            _carryLength = bytes.Length - used;
        }
    }

    /// <summary>Goes on as far as the bytes allow; less than the longest header stays over.</summary>
    private int Walk(ReadOnlySpan<byte> bytes)
    {
        var position = 0;
        while (!IsDone)
        {
            var remaining = _reader.ValueRemainingBytes;
            if (remaining > 0)
            {
                var step = (int)Math.Min(remaining, bytes.Length - position);
                if (_isKeepingValue)
                {
                    bytes.Slice(position, step).CopyTo(_keptValue.Span[_keptLength..]);
                    _keptLength += step;
                }

                _reader.Advance(step);
                position += step;
                if (step < remaining)
                {
                    return position;
                }

                EndValue();
            }

            if (!_reader.TryRead(bytes[position..], isFinal: false, out var token, out var used))
            {
                return position + used;
            }

            position += used;
            OnToken(token);
        }

        return bytes.Length;
    }

    private void OnToken(in DataSetToken token)
    {
        if (_isInsideKept)
        {
            KeepInside(token);
            return;
        }

        // Items and ends of sequences that are not wanted.
        if (token.Depth > 0 || token.Kind is not (DataSetTokenKind.Element or DataSetTokenKind.SequenceStart or DataSetTokenKind.FragmentsStart))
        {
            return;
        }

        if (IsPixelData(token.Tag) || token.Tag > _wanted.Last)
        {
            IsDone = !_options.WalksToEnd;
            return;
        }

        if (!_wanted.Contains(token.Tag))
        {
            return;
        }

        if (token.Kind == DataSetTokenKind.Element)
        {
            BeginValue(token);
        }
        else if (token.Kind == DataSetTokenKind.SequenceStart)
        {
            _isInsideKept = true;
            _builder.Add(token, default);
        }
    }

    private void KeepInside(in DataSetToken token)
    {
        switch (token.Kind)
        {
            case DataSetTokenKind.Element:
                BeginValue(token);
                break;
            case DataSetTokenKind.FragmentsStart or DataSetTokenKind.Fragment or DataSetTokenKind.FragmentsEnd:
                HasOmissions = true;
                break;
            case DataSetTokenKind.ItemStart when !TryReserve(ItemCostBytes):
                // Items cost memory even when they are empty: the whole sequence is left out.
                _isInsideKept = false;
                _builder.Abandon();
                break;
            default:
                _builder.Add(token, default);
                _isInsideKept = token.Kind != DataSetTokenKind.SequenceEnd || token.Depth > 0;
                break;
        }
    }

    // About what an empty item takes in memory.
    private const int ItemCostBytes = 512;

    // About what an element takes in memory beside its value.
    private const int ElementCostBytes = 40;

    private void BeginValue(in DataSetToken token)
    {
        if (token.LengthBytes > _options.ValueLimitBytes || !TryReserve(ElementCostBytes + (int)token.LengthBytes))
        {
            HasOmissions = true;
            return;
        }

        var length = (int)token.LengthBytes;
        if (_arena.Length < length)
        {
            _arena = new byte[Math.Max(length, ArenaBlockBytes)];
        }

        (_keptValue, _arena) = (_arena[..length], _arena[length..]);
        (_kept, _keptLength, _isKeepingValue) = (token, 0, true);
        if (length == 0)
        {
            EndValue();
        }
    }

    private void EndValue()
    {
        if (!_isKeepingValue)
        {
            return;
        }

        _isKeepingValue = false;
        if (_reader.IsBigEndian)
        {
            ByteOrder.Swap(_keptValue.Span, _kept.Vr.UnitLengthBytes());
        }

        _builder.Add(_kept, _keptValue);
    }

    private bool TryReserve(int bytes)
    {
        if (_keptBytes + bytes > _options.TotalLimitBytes)
        {
            HasOmissions = true;
            return false;
        }

        _keptBytes += bytes;
        return true;
    }

    private static bool IsPixelData(Tag tag) => tag.Value is 0x7FE0_0008 or 0x7FE0_0009 or 0x7FE0_0010;

    /// <summary>A source that holds one piece at a time and is dry in between.</summary>
    private sealed class PushedSource : ForwardStream
    {
        private ReadOnlyMemory<byte> _bytes;

        public override bool CanRead => true;

        public void Push(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

        public override int Read(Span<byte> buffer)
        {
            var read = Math.Min(buffer.Length, _bytes.Length);
            _bytes.Span[..read].CopyTo(buffer);
            _bytes = _bytes[read..];
            return read;
        }
    }
}
