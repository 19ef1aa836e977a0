using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Panal.Dicom;

/// <summary>
/// Reads a data set forward, token by token, from bytes that arrive in pieces. Values are not read: after an element or fragment the
/// caller takes what it wants and tells so by <see cref="Advance"/>; the rest is skipped by the next call.
/// </summary>
/// <remarks>
/// PS3.5 §7. One header on the wire:
/// <code>
/// explicit, short   group(2) element(2) VR(2) length(2)
/// explicit, long    group(2) element(2) VR(2) reserved(2) length(4)
/// implicit          group(2) element(2) length(4)                    also every (FFFE,xxxx)
/// </code>
/// </remarks>
public sealed class DataSetReader
{
    /// <summary>Bytes that always suffice to read the next token: the longest header and a value that later VRs depend on.</summary>
    public const int LookAheadBytes = LongHeaderLengthBytes + ReadingContext.MaximumCreatorLengthBytes;

    private const int HeaderLengthBytes = 8;
    private const int LongHeaderLengthBytes = 12;
    private const uint UndefinedLength = 0xFFFFFFFF;

    private readonly DecodeLimits _limits;
    private readonly ReadingContext _context = new();
    private Level[] _levels = new Level[8];
    private int _depth;
    private long _offset;
    private long _valueRemaining;
    private long _elements;
    private bool _encodingIsSure;

    private enum LevelKind : byte
    {
        Root,
        Sequence,
        Item,
        Fragments,
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Level
    {
        public LevelKind Kind;
        public bool IsExplicit;
        public bool IsBigEndian;

        // The content of UN with undefined length is implicit by the standard, but some write it explicit: the first element tells.
        public bool IsUnknownContent;
        public Vr Vr;
        public Tag Tag;
        public uint LastTag;
        public long End;
    }

    /// <param name="syntax">Transfer syntax; the bytes of a deflated one must be inflated before.</param>
    /// <param name="limits">Limits on nesting and number of elements.</param>
    /// <param name="lengthBytes">Length of the whole data set if known: lengths beyond it are then refused at their header.</param>
    public DataSetReader(TransferSyntax syntax, DecodeLimits limits, long? lengthBytes = null)
    {
        _limits = limits;
        Reset(syntax, lengthBytes);
    }

    /// <summary>Offset of the next unread byte from the start of the data set.</summary>
    public long OffsetBytes => _offset;

    /// <summary>Bytes of the current value that nobody has taken yet.</summary>
    public long ValueRemainingBytes => _valueRemaining;

    /// <summary>How many items enclose the next token.</summary>
    public int Depth => _depth / 2;

    /// <summary>Whether the data set has ended well.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>What was odd so far.</summary>
    public DataSetAnomalies Anomalies { get; private set; }

    /// <summary>Whether the current element is encoded with explicit VR.</summary>
    public bool IsExplicitVr => _levels[_depth].IsExplicit;

    /// <summary>Whether the current element is encoded in big endian.</summary>
    public bool IsBigEndian => _levels[_depth].IsBigEndian;

    /// <summary>Begins another data set, with the memory of this one.</summary>
    public void Reset(TransferSyntax syntax, long? lengthBytes = null)
    {
        _depth = 0;
        _offset = 0;
        _valueRemaining = 0;
        _elements = 0;
        _encodingIsSure = false;
        IsAtEnd = false;
        Anomalies = DataSetAnomalies.None;
        _context.Reset();
        _levels[0] = new Level
        {
            Kind = LevelKind.Root,
            IsExplicit = syntax.IsExplicitVr,
            IsBigEndian = syntax.IsBigEndian,
            End = lengthBytes ?? long.MaxValue,
        };
    }

    /// <summary>Tells that the caller has taken or skipped bytes of the current value.</summary>
    /// <param name="bytes">At most <see cref="ValueRemainingBytes"/>.</param>
    public void Advance(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _valueRemaining);
        _offset += bytes;
        _valueRemaining -= bytes;
    }

    /// <summary>Reads the next token.</summary>
    /// <param name="buffer">Bytes from <see cref="OffsetBytes"/> on.</param>
    /// <param name="isFinal">Whether nothing comes after these bytes.</param>
    /// <param name="token">The token.</param>
    /// <param name="consumed">Up to here the caller need not show the bytes again, also when the answer is false.</param>
    /// <returns>False when more bytes are needed, or at the end of the data set (<see cref="IsAtEnd"/>).</returns>
    /// <exception cref="DicomFormatException">The bytes are no data set, or beyond a limit.</exception>
    public bool TryRead(in ReadOnlySequence<byte> buffer, bool isFinal, out DataSetToken token, out SequencePosition consumed)
    {
        int used;
        bool found;
        if (buffer.IsSingleSegment)
        {
            found = TryRead(buffer.FirstSpan, isFinal, out token, out used);
            consumed = buffer.GetPosition(used);
            return found;
        }

        var skipped = Math.Min(_valueRemaining, buffer.Length);
        Advance(skipped);
        var rest = buffer.Slice(skipped);
        var first = rest.FirstSpan;
        if (first.Length < LookAheadBytes && !rest.IsSingleSegment)
        {
            Span<byte> joined = stackalloc byte[LookAheadBytes];
            joined = joined[..(int)Math.Min(rest.Length, LookAheadBytes)];
            rest.Slice(0, joined.Length).CopyTo(joined);
            found = TryRead(joined, isFinal && joined.Length == rest.Length, out token, out used);
        }
        else
        {
            found = TryRead(first, isFinal && rest.IsSingleSegment, out token, out used);
        }

        consumed = rest.GetPosition(used);
        return found;
    }

    /// <inheritdoc cref="TryRead(in ReadOnlySequence{byte}, bool, out DataSetToken, out SequencePosition)"/>
    public bool TryRead(ReadOnlySpan<byte> buffer, bool isFinal, out DataSetToken token, out int consumed)
    {
        consumed = (int)Math.Min(_valueRemaining, buffer.Length);
        Advance(consumed);
        if (_valueRemaining == 0)
        {
            while (true)
            {
                ref var level = ref _levels[_depth];
                if (_offset >= level.End && level.Kind != LevelKind.Root)
                {
                    token = Close();
                    return true;
                }

                var start = _offset;
                var step = ReadAt(ref level, buffer[consumed..], isFinal, out token);
                consumed += (int)(_offset - start);
                if (step == Step.Token)
                {
                    return true;
                }

                if (step == Step.Starved)
                {
                    break;
                }
            }
        }

        token = default;
        if (isFinal && !IsAtEnd)
        {
            throw Violation("The data set ends too early", DicomFormatReason.Truncated);
        }

        return false;
    }

    private enum Step
    {
        Token,
        Skipped,
        Starved,
    }

    private Step ReadAt(ref Level level, ReadOnlySpan<byte> bytes, bool isFinal, out DataSetToken token)
    {
        token = default;
        if (level.Kind == LevelKind.Root && IsEnd(ref level, bytes, isFinal))
        {
            return Step.Starved;
        }

        if (bytes.Length < HeaderLengthBytes)
        {
            return Step.Starved;
        }

        if (!_encodingIsSure || level.IsUnknownContent)
        {
            FindEncoding(ref level, bytes);
        }

        var tag = ReadTag(bytes, level.IsBigEndian);
        if (tag.Group == 0xFFFE)
        {
            return ReadStructure(ref level, tag, bytes, out token);
        }

        if (level.Kind is LevelKind.Sequence or LevelKind.Fragments)
        {
            throw Violation("An element stands where an item or delimiter must", DicomFormatReason.UnexpectedTag);
        }

        return ReadElement(ref level, tag, bytes, isFinal, out token);
    }

    /// <summary>The end of the top level, or zeros that some writers append.</summary>
    private bool IsEnd(ref Level level, ReadOnlySpan<byte> bytes, bool isFinal)
    {
        if (IsAtEnd || _offset >= level.End)
        {
            IsAtEnd = true;
            _offset += bytes.Length;
            return true;
        }

        var header = bytes[..Math.Min(bytes.Length, HeaderLengthBytes)];
        if ((header.Length == HeaderLengthBytes ? level.LastTag != 0 : isFinal) && !header.ContainsAnyExcept((byte)0))
        {
            IsAtEnd = true;
            _offset += bytes.Length;
            Anomalies |= bytes.IsEmpty ? DataSetAnomalies.None : DataSetAnomalies.TrailingZeros;
            return true;
        }

        return false;
    }

    /// <summary>Reads an item or delimiter, which have no VR (PS3.5 §7.5).</summary>
    private Step ReadStructure(ref Level level, Tag tag, ReadOnlySpan<byte> bytes, out DataSetToken token)
    {
        token = default;
        var length = ReadUInt32(bytes[4..], level.IsBigEndian);
        var isContainer = level.Kind is LevelKind.Sequence or LevelKind.Fragments;
        if (tag == Tags.Item)
        {
            if (isContainer)
            {
                token = level.Kind == LevelKind.Sequence ? StartItem(ref level, length) : StartFragment(ref level, length);
                return Step.Token;
            }

            if (level.Kind == LevelKind.Item && level.End == long.MaxValue)
            {
                return CloseWithoutDelimiter(out token);
            }
        }
        else if (tag == Tags.SequenceDelimitationItem || tag == Tags.ItemDelimitationItem)
        {
            var ends = tag == Tags.SequenceDelimitationItem ? isContainer : level.Kind == LevelKind.Item;
            if (!ends && level.Kind == LevelKind.Item && level.End == long.MaxValue)
            {
                return CloseWithoutDelimiter(out token);
            }

            _offset += HeaderLengthBytes;
            if (ends && level.End == long.MaxValue)
            {
                token = Close() with { OffsetBytes = _offset - HeaderLengthBytes };
                return Step.Token;
            }

            Anomalies |= DataSetAnomalies.StrayDelimiter;
            CheckWithin(level.End, 0);
            return Step.Skipped;
        }

        throw Violation("An item stands where an element must", DicomFormatReason.UnexpectedTag);
    }

    private Step CloseWithoutDelimiter(out DataSetToken token)
    {
        Anomalies |= DataSetAnomalies.MissingDelimiter;
        token = Close();
        return Step.Token;
    }

    private DataSetToken StartItem(ref Level sequence, uint length)
    {
        var token = new DataSetToken(DataSetTokenKind.ItemStart, sequence.Tag, sequence.Vr, Defined(length), _offset, Depth);
        var end = EndOf(ref sequence, HeaderLengthBytes, length);
        Count();
        Push(new Level
        {
            Kind = LevelKind.Item,
            Tag = sequence.Tag,
            Vr = sequence.Vr,
            IsExplicit = sequence.IsExplicit,
            IsBigEndian = sequence.IsBigEndian,
            IsUnknownContent = sequence.IsUnknownContent,
            End = end,
        });
        _offset += HeaderLengthBytes;
        _context.Enter();
        return token;
    }

    private DataSetToken StartFragment(ref Level fragments, uint length)
    {
        if (length == UndefinedLength)
        {
            throw Violation("A fragment has an undefined length", DicomFormatReason.UndefinedLength);
        }

        EndOf(ref fragments, HeaderLengthBytes, length);
        Count();
        var token = new DataSetToken(DataSetTokenKind.Fragment, fragments.Tag, fragments.Vr, length, _offset, Depth);
        _offset += HeaderLengthBytes;
        _valueRemaining = length;
        return token;
    }

    private Step ReadElement(ref Level level, Tag tag, ReadOnlySpan<byte> bytes, bool isFinal, out DataSetToken token)
    {
        token = default;
        if (!TryReadHeader(ref level, tag, bytes, out var vr, out var length, out var headerLength))
        {
            return Step.Starved;
        }

        if (length == UndefinedLength)
        {
            token = StartUndefined(ref level, tag, vr, headerLength);
            return Step.Token;
        }

        var end = EndOf(ref level, headerLength, length);
        if (!level.IsExplicit && ReadingContext.IsRelevant(tag, length))
        {
            if (bytes.Length < headerLength + length && !isFinal)
            {
                return Step.Starved;
            }

            _context.Note(tag, bytes[headerLength..Math.Min(bytes.Length, headerLength + (int)length)], level.IsBigEndian);
        }

        Count();
        NoteOrder(ref level, tag);
        token = new DataSetToken(vr == Vr.SQ ? DataSetTokenKind.SequenceStart : DataSetTokenKind.Element, tag, vr, length, _offset, Depth);
        if (vr == Vr.SQ)
        {
            Push(level with { Kind = LevelKind.Sequence, Tag = tag, Vr = vr, End = end, LastTag = 0 });
            _offset += headerLength;
            return Step.Token;
        }

        _offset += headerLength;
        Anomalies |= (length & 1) != 0 ? DataSetAnomalies.OddLength : DataSetAnomalies.None;
        _valueRemaining = length;
        return Step.Token;
    }

    private bool TryReadHeader(ref Level level, Tag tag, ReadOnlySpan<byte> bytes, out Vr vr, out uint length, out int headerLength)
    {
        headerLength = HeaderLengthBytes;
        if (!level.IsExplicit)
        {
            length = ReadUInt32(bytes[4..], level.IsBigEndian);
            vr = _context.Resolve(tag);
            return true;
        }

        vr = (Vr)((bytes[4] << 8) | bytes[5]);
        if (!VrExtensions.IsVrCode(bytes[4], bytes[5]))
        {
            ReadBrokenVr(ref level, tag, bytes, out vr, out length);
            return true;
        }

        if (!vr.HasLongLength())
        {
            length = level.IsBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
            return true;
        }

        headerLength = LongHeaderLengthBytes;
        length = 0;
        if (bytes.Length < LongHeaderLengthBytes)
        {
            return false;
        }

        Anomalies |= vr.IsKnown() ? DataSetAnomalies.None : DataSetAnomalies.UnknownVr;
        length = ReadUInt32(bytes[8..], level.IsBigEndian);
        return true;
    }

    /// <summary>Two bytes that are no VR: some writers slip elements of implicit VR in, others leave the VR blank.</summary>
    private void ReadBrokenVr(ref Level level, Tag tag, ReadOnlySpan<byte> bytes, out Vr vr, out uint length)
    {
        length = ReadUInt32(bytes[4..], level.IsBigEndian);
        vr = DataDictionary.VrOf(tag);
        if (length == UndefinedLength || length < 0x10000)
        {
            Anomalies |= DataSetAnomalies.ImplicitInExplicit;
            return;
        }

        Anomalies |= DataSetAnomalies.UnknownVr;
        vr = vr == Vr.SQ ? Vr.UN : vr;
        length = level.IsBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
    }

    private DataSetToken StartUndefined(ref Level level, Tag tag, Vr vr, int headerLength)
    {
        var isUnknown = level.IsExplicit && vr == Vr.UN;
        var isFragments = vr is Vr.OB or Vr.OW or Vr.OF or Vr.OD or Vr.OL or Vr.OV;
        if (level.IsExplicit && !isFragments && vr != Vr.SQ && vr.IsKnown() && !isUnknown)
        {
            throw Violation("An element that is no sequence has an undefined length", DicomFormatReason.UndefinedLength);
        }

        Count();
        NoteOrder(ref level, tag);
        var (kind, levelKind) = isFragments
            ? (DataSetTokenKind.FragmentsStart, LevelKind.Fragments)
            : (DataSetTokenKind.SequenceStart, LevelKind.Sequence);
        vr = isFragments || isUnknown ? vr : Vr.SQ;
        var token = new DataSetToken(kind, tag, vr, -1, _offset, Depth);
        Push(new Level
        {
            Kind = levelKind,
            Tag = tag,
            Vr = vr,
            IsExplicit = level.IsExplicit && !isUnknown,
            IsBigEndian = level.IsBigEndian && !isUnknown,
            IsUnknownContent = isUnknown,
            End = long.MaxValue,
        });
        _offset += headerLength;
        return token;
    }

    private void Push(Level level)
    {
        if (++_depth > 2 * _limits.MaximumDepth)
        {
            throw Violation("Sequences are nested too deeply", DicomFormatReason.NestedTooDeep);
        }

        if (_depth == _levels.Length)
        {
            Array.Resize(ref _levels, _levels.Length * 2);
        }

        _levels[_depth] = level;
    }

    private DataSetToken Close()
    {
        ref var level = ref _levels[_depth];
        if (_offset > level.End && level.End != long.MaxValue)
        {
            throw Violation("An item or sequence ends inside one of its elements", DicomFormatReason.LengthBeyondEnd);
        }

        var kind = level.Kind switch
        {
            LevelKind.Item => DataSetTokenKind.ItemEnd,
            LevelKind.Sequence => DataSetTokenKind.SequenceEnd,
            _ => DataSetTokenKind.FragmentsEnd,
        };
        if (level.Kind == LevelKind.Item)
        {
            _context.Leave();
        }

        var (tag, vr, length) = (level.Tag, level.Vr, level.End == long.MaxValue ? -1 : 0);
        _depth--;
        return new DataSetToken(kind, tag, vr, length, _offset, Depth);
    }

    private void Count()
    {
        if (++_elements > _limits.MaximumElements)
        {
            throw Violation("The data set has too many elements", DicomFormatReason.TooManyElements);
        }
    }

    private void NoteOrder(ref Level level, Tag tag)
    {
        if (tag.Value <= level.LastTag)
        {
            Anomalies |= tag.Value == level.LastTag ? DataSetAnomalies.DuplicateTags : DataSetAnomalies.DescendingTags;
        }

        if (tag.Group == 2)
        {
            Anomalies |= DataSetAnomalies.FileMetaInDataSet;
        }

        level.LastTag = tag.Value;
    }

    private long EndOf(ref Level level, int headerLength, uint length)
    {
        if (length == UndefinedLength)
        {
            return long.MaxValue;
        }

        CheckWithin(level.End, headerLength + (long)length);
        return _offset + headerLength + length;
    }

    private void CheckWithin(long end, long length)
    {
        if (length > end - _offset)
        {
            throw Violation("A length reaches beyond what holds it", DicomFormatReason.LengthBeyondEnd);
        }
    }

    private void FindEncoding(ref Level level, ReadOnlySpan<byte> header)
    {
        if (ReadTag(header, level.IsBigEndian).Group == 0xFFFE && level.Kind != LevelKind.Root)
        {
            return;
        }

        _encodingIsSure = true;
        level.IsUnknownContent = false;
        var found = EncodingDetection.Detect(header, level.IsExplicit, level.IsBigEndian);
        if (found.IsExplicit != level.IsExplicit)
        {
            Anomalies |= level.IsExplicit ? DataSetAnomalies.ImplicitInExplicit : DataSetAnomalies.ExplicitInImplicit;
        }

        Anomalies |= found.IsBigEndian != level.IsBigEndian ? DataSetAnomalies.WrongByteOrder : DataSetAnomalies.None;
        (level.IsExplicit, level.IsBigEndian) = found;
    }

    private static long Defined(uint length) => length == UndefinedLength ? -1 : length;

    private static Tag ReadTag(ReadOnlySpan<byte> bytes, bool isBigEndian) => isBigEndian
        ? new Tag(BinaryPrimitives.ReadUInt32BigEndian(bytes))
        : new Tag(BinaryPrimitives.ReadUInt16LittleEndian(bytes), BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]));

    private static uint ReadUInt32(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private DicomFormatException Violation(string message, DicomFormatReason reason) => new(message, _offset, reason);
}
