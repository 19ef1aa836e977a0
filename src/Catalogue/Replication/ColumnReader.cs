using System.Buffers.Text;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>
/// Reads what ColumnWriter wrote. Every length is compared with what is left, and everything made of it with a budget: a few bytes
/// can say "the same in all rows".
/// </summary>
internal sealed class ColumnReader(ReadOnlyMemory<byte> body, long budgetBytes)
{
    /// <summary>What one row of one column costs in memory beside its value, in bytes.</summary>
    internal const int RowBytes = 16;

    private ReadOnlyMemory<byte> _rest = body;
    private long _budget = budgetBytes;

    internal bool IsAtEnd => _rest.IsEmpty;

    internal long Number()
    {
        ulong value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    internal ulong Unsigned()
    {
        ulong value = 0;
        ReadOnlySpan<byte> rest = _rest.Span;
        for (int length = 0; length < rest.Length && length < 10; length++)
        {
            byte next = rest[length];
            if (length == 9 && next > 1)
            {
                break;
            }

            value |= (ulong)(next & 0x7F) << (7 * length);
            if (next < 0x80)
            {
                _rest = _rest[(length + 1)..];
                return value;
            }
        }

        throw new StateFormatException("A number does not end.");
    }

    internal byte Byte() => Raw(1).Span[0];

    /// <summary>A count or length that must not exceed its limit.</summary>
    internal int Limited(int limit, string what)
    {
        ulong value = Unsigned();
        return value <= (ulong)limit ? (int)value : throw new StateFormatException($"{what}: more than {limit}.");
    }

    internal ReadOnlyMemory<byte> Bytes(int limitBytes, string what) => Raw(Limited(limitBytes, what));

    internal ReadOnlyMemory<byte> Raw(int length)
    {
        if (length > _rest.Length)
        {
            throw new StateFormatException("The bytes end too early.");
        }

        ReadOnlyMemory<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    /// <summary>Takes what is made of the bytes from the budget.</summary>
    internal void Spend(long bytes)
    {
        _budget -= bytes;
        if (_budget < 0)
        {
            throw new StateFormatException("More is made of the bytes than is allowed.");
        }
    }

    internal long[] Numbers(int count)
    {
        Spend((long)count * sizeof(long));
        var values = new long[count];
        long previous = 0;
        for (int i = 0; i < count; i++)
        {
            values[i] = previous = unchecked(previous + Number());
        }

        return values;
    }

    /// <summary>A column of the table at hand, which may be said to be as in the one before.</summary>
    internal ReadOnlyMemory<byte>[] Column(int count, int valueLimitBytes, StateMemory memory, (uint Tag, Vr Vr) column)
    {
        if (!_rest.IsEmpty && _rest.Span[0] == ColumnForm.AsBefore)
        {
            Spend((long)count * RowBytes);
            Raw(1);
            ReadOnlyMemory<byte> before = memory.ValueOf(column) ?? throw new StateFormatException("A column is as before, and there was none.");
            memory.Remember(column, before);
            var same = new ReadOnlyMemory<byte>[count];
            Array.Fill(same, before);
            return same;
        }

        bool isSame = !_rest.IsEmpty && _rest.Span[0] == ColumnForm.Same;
        ReadOnlyMemory<byte>[] values = Column(count, valueLimitBytes);
        if (isSame && count > 0)
        {
            // A copy, so that one value does not keep all the bytes of its step.
            memory.Remember(column, values[0].ToArray());
        }

        return values;
    }

    internal ReadOnlyMemory<byte>[] Column(int count, int valueLimitBytes)
    {
        Spend((long)count * RowBytes);
        var values = new ReadOnlyMemory<byte>[count];
        switch (Byte())
        {
            case ColumnForm.Same:
                Array.Fill(values, Bytes(valueLimitBytes, "Value"));
                break;
            case ColumnForm.Front:
                Front(values, valueLimitBytes);
                break;
            case ColumnForm.Numbered:
                Numbered(values, valueLimitBytes);
                break;
            default:
                throw new StateFormatException("A column has an unknown form.");
        }

        return values;
    }

    private void Front(ReadOnlyMemory<byte>[] values, int valueLimitBytes)
    {
        var shared = new int[values.Length];
        foreach (ref int length in shared.AsSpan())
        {
            length = Limited(valueLimitBytes, "Shared length");
        }

        var rests = new int[values.Length];
        foreach (ref int length in rests.AsSpan())
        {
            length = Limited(valueLimitBytes, "Rest length");
        }

        ReadOnlyMemory<byte> previous = default;
        for (int i = 0; i < values.Length; i++)
        {
            if (shared[i] > previous.Length || shared[i] + rests[i] > valueLimitBytes)
            {
                throw new StateFormatException("A value shares more than there is, or is too long.");
            }

            ReadOnlyMemory<byte> rest = Raw(rests[i]);
            if (shared[i] == 0)
            {
                values[i] = previous = rest;
                continue;
            }

            Spend(shared[i] + rest.Length);
            var value = new byte[shared[i] + rest.Length];
            previous.Span[..shared[i]].CopyTo(value);
            rest.Span.CopyTo(value.AsSpan(shared[i]));
            values[i] = previous = value;
        }
    }

    private void Numbered(ReadOnlyMemory<byte>[] values, int valueLimitBytes)
    {
        ReadOnlySpan<byte> root = Bytes(valueLimitBytes, "Root").Span;
        Span<byte> digits = stackalloc byte[20];
        long number = 0;
        foreach (ref ReadOnlyMemory<byte> value in values.AsSpan())
        {
            number = unchecked(number + Number());
            if (number < 0 || !Utf8Formatter.TryFormat(number, digits, out int length) || length > ColumnForm.DigitLimit || root.Length + length > valueLimitBytes)
            {
                throw new StateFormatException("A number in a column is out of its range.");
            }

            Spend(root.Length + length);
            var bytes = new byte[root.Length + length];
            root.CopyTo(bytes);
            digits[..length].CopyTo(bytes.AsSpan(root.Length));
            value = bytes;
        }
    }
}
