using System.Buffers;

namespace Panal.Dicom;

/// <summary>Converts elements from one encoding to another, buffer by buffer.</summary>
internal sealed class ElementConversion(TransferSyntax from, TransferSyntax to, DecodeLimits limits)
{
    private const int MaximumStepBytes = 64 << 10;
    private const uint UndefinedLength = 0xFFFFFFFF;

    private readonly DataSetReader _reader = new(from, limits);
    private readonly DataSetWriter _writer = new(to.IsExplicitVr, to.IsBigEndian, SequenceLengths.Undefined);
    private bool _isLeftOut;
    private int _unitLengthBytes = 1;

    public bool IsAtEnd => _reader.IsAtEnd;

    /// <summary>Converts as much as the buffer allows.</summary>
    /// <returns>Up to where the buffer is used.</returns>
    /// <exception cref="DicomFormatException">The bytes are no data set, beyond a limit, or encapsulated.</exception>
    public SequencePosition Convert(ReadOnlySequence<byte> buffer, bool isFinal, IBufferWriter<byte> target)
    {
        while (true)
        {
            if (_reader.ValueRemainingBytes > 0)
            {
                buffer = buffer.Slice(ConvertValue(buffer, target));
                if (_reader.ValueRemainingBytes > 0)
                {
                    return isFinal
                        ? throw new DicomFormatException("The value ends too early", _reader.OffsetBytes, DicomFormatReason.Truncated)
                        : buffer.Start;
                }
            }

            var found = _reader.TryRead(buffer, isFinal, out var token, out var consumed);
            buffer = buffer.Slice(consumed);
            if (!found)
            {
                return buffer.Start;
            }

            Write(token, target);
        }
    }

    private void Write(in DataSetToken token, IBufferWriter<byte> target)
    {
        switch (token.Kind)
        {
            case DataSetTokenKind.Element:
                WriteElementHeader(token, target);
                break;
            case DataSetTokenKind.SequenceStart:
                _writer.WriteHeader(token.Tag, Vr.SQ, UndefinedLength, target);
                break;
            case DataSetTokenKind.ItemStart:
                _writer.WriteHeader(Tags.Item, Vr.None, UndefinedLength, target);
                break;
            case DataSetTokenKind.ItemEnd:
                _writer.WriteHeader(Tags.ItemDelimitationItem, Vr.None, 0, target);
                break;
            case DataSetTokenKind.SequenceEnd:
                _writer.WriteHeader(Tags.SequenceDelimitationItem, Vr.None, 0, target);
                break;
            default:
                throw new DicomFormatException("Encapsulated pixel data cannot be converted", token.OffsetBytes, DicomFormatReason.NotConvertible);
        }
    }

    private void WriteElementHeader(in DataSetToken token, IBufferWriter<byte> target)
    {
        // Lengths of groups and of the whole change with the encoding; they are retired and carry nothing else.
        _isLeftOut = token.Tag.IsGroupLength || token.Tag == Tags.LengthToEnd;
        if (_isLeftOut)
        {
            return;
        }

        var written = _writer.WriteHeader(token.Tag, token.Vr, (uint)token.LengthBytes, target);
        _unitLengthBytes = _reader.IsBigEndian != to.IsBigEndian ? written.UnitLengthBytes() : 1;
    }

    /// <summary>Passes on whole units of the value; a unit that the buffer cuts waits for its rest.</summary>
    private long ConvertValue(in ReadOnlySequence<byte> buffer, IBufferWriter<byte> target)
    {
        var available = Math.Min(_reader.ValueRemainingBytes, buffer.Length);
        if (available < _reader.ValueRemainingBytes)
        {
            available -= available % _unitLengthBytes;
        }

        for (long done = 0; done < available && !_isLeftOut;)
        {
            var step = (int)Math.Min(available - done, MaximumStepBytes);
            var bytes = target.GetSpan(step)[..step];
            buffer.Slice(done, step).CopyTo(bytes);
            ByteOrder.Swap(bytes, _unitLengthBytes);
            target.Advance(step);
            done += step;
        }

        _reader.Advance(available);
        return available;
    }
}
