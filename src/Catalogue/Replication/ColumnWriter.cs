using System.Buffers;
using System.Buffers.Text;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>Writes numbers and columns of values; see docs/formats/feed.md, "Columns".</summary>
internal sealed class ColumnWriter(IBufferWriter<byte> target)
{
    internal void Number(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    internal void Unsigned(ulong value)
    {
        Span<byte> bytes = target.GetSpan(10);
        int length = 0;
        while (value >= 0x80)
        {
            bytes[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        bytes[length++] = (byte)value;
        target.Advance(length);
    }

    internal void Byte(byte value)
    {
        target.GetSpan(1)[0] = value;
        target.Advance(1);
    }

    internal void Raw(ReadOnlySpan<byte> bytes) => target.Write(bytes);

    internal void Bytes(ReadOnlySpan<byte> bytes)
    {
        Unsigned((ulong)bytes.Length);
        target.Write(bytes);
    }

    /// <summary>Numbers as the first one and differences.</summary>
    internal void Numbers(ReadOnlySpan<long> values)
    {
        long previous = 0;
        foreach (long value in values)
        {
            Number(unchecked(value - previous));
            previous = value;
        }
    }

    /// <summary>As the other, and with the memory of a stream: what was the same in all rows of the table before is not said again.</summary>
    internal void Column(ReadOnlySpan<ReadOnlyMemory<byte>> values, StateMemory memory, (uint Tag, Vr Vr) column)
    {
        if (!IsOneValue(values))
        {
            Column(values);
            return;
        }

        memory.Remember(column, values[0]);
        if (memory.ValueOf(column) is { } before && before.Span.SequenceEqual(values[0].Span))
        {
            Byte(ColumnForm.AsBefore);
            return;
        }

        Byte(ColumnForm.Same);
        Bytes(values[0].Span);
    }

    /// <summary>Values in the form that suits them: the same in all rows, a root with a number, or each by what differs from the one before.</summary>
    internal void Column(ReadOnlySpan<ReadOnlyMemory<byte>> values)
    {
        if (IsOneValue(values))
        {
            Byte(ColumnForm.Same);
            Bytes(values[0].Span);
            return;
        }

        int root = NumberedRoot(values);
        if (root < 0)
        {
            Byte(ColumnForm.Front);
            Front(values);
            return;
        }

        Byte(ColumnForm.Numbered);
        Bytes(values[0].Span[..root]);
        long previous = 0;
        foreach (ReadOnlyMemory<byte> value in values)
        {
            _ = Utf8Parser.TryParse(value.Span[root..], out long number, out _);
            Number(number - previous);
            previous = number;
        }
    }

    private void Front(ReadOnlySpan<ReadOnlyMemory<byte>> values)
    {
        // Shared lengths, rest lengths and rests stand together, each like its neighbours, which is what a compressor wants.
        ReadOnlySpan<byte> previous = default;
        foreach (ReadOnlyMemory<byte> value in values)
        {
            Unsigned((ulong)previous.CommonPrefixLength(value.Span));
            previous = value.Span;
        }

        previous = default;
        foreach (ReadOnlyMemory<byte> value in values)
        {
            Unsigned((ulong)(value.Length - previous.CommonPrefixLength(value.Span)));
            previous = value.Span;
        }

        previous = default;
        foreach (ReadOnlyMemory<byte> value in values)
        {
            Raw(value.Span[previous.CommonPrefixLength(value.Span)..]);
            previous = value.Span;
        }
    }

    private static bool IsOneValue(ReadOnlySpan<ReadOnlyMemory<byte>> values)
    {
        foreach (ReadOnlyMemory<byte> value in values[1..])
        {
            if (!value.Span.SequenceEqual(values[0].Span))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Length of what stands before the number in all of them; -1 when they are not of this kind.</summary>
    private static int NumberedRoot(ReadOnlySpan<ReadOnlyMemory<byte>> values)
    {
        ReadOnlySpan<byte> first = values[0].Span;
        int root = first.Length;
        foreach (ReadOnlyMemory<byte> value in values)
        {
            root = first[..root].CommonPrefixLength(value.Span);
        }

        // The number is taken whole, with the digits that happen to be the same.
        while (root > 0 && first[root - 1] is >= (byte)'0' and <= (byte)'9')
        {
            root--;
        }

        foreach (ReadOnlyMemory<byte> value in values)
        {
            if (!IsNumber(value.Span[root..]))
            {
                return -1;
            }
        }

        return root;
    }

    /// <summary>Whether writing the number again gives the same digits.</summary>
    private static bool IsNumber(ReadOnlySpan<byte> digits) =>
        digits.Length is > 0 and <= ColumnForm.DigitLimit && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9') && (digits[0] != '0' || digits.Length == 1);
}

/// <summary>How a column is written. On the wire: numbers never change, see docs/formats/feed.md.</summary>
internal static class ColumnForm
{
    internal const byte Same = 0;
    internal const byte Front = 1;
    internal const byte Numbered = 2;
    internal const byte AsBefore = 3;

    /// <summary>Digits of a number at most: it fits into 63 bits.</summary>
    internal const int DigitLimit = 18;
}
