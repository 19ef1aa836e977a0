using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Panal.Dimse;

/// <summary>Writes nested items whose lengths are known only when they end; wire picture at <see cref="ItemReader"/>.</summary>
internal struct ItemWriter(int capacityBytes) : IDisposable
{
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(capacityBytes);
    private int count;

    public readonly Span<byte> Written => buffer.AsSpan(0, count);

    /// <summary>Begins an item; returns the mark that <see cref="End"/> wants.</summary>
    public int Begin(ItemType type)
    {
        WriteByte((byte)type);
        WriteZeros(1);
        return BeginCounted();
    }

    /// <summary>Begins bytes behind a length of two bytes.</summary>
    public int BeginCounted()
    {
        WriteZeros(sizeof(ushort));
        return count;
    }

    /// <summary>Writes the length of what was begun at a mark.</summary>
    /// <exception cref="InvalidOperationException">It is longer than 65,535 bytes.</exception>
    public readonly void End(int mark)
    {
        var length = count - mark;
        if (length > ushort.MaxValue)
        {
            throw new InvalidOperationException($"An association item of {length} bytes is longer than its length field can say.");
        }

        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(mark - sizeof(ushort)), (ushort)length);
    }

    public void WriteText(ItemType type, string text)
    {
        var mark = Begin(type);
        Encoding.Latin1.GetBytes(text, Take(text.Length));
        End(mark);
    }

    public void WriteCounted(string text)
    {
        var mark = BeginCounted();
        Encoding.Latin1.GetBytes(text, Take(text.Length));
        End(mark);
    }

    public void WriteCounted(ReadOnlySpan<byte> bytes)
    {
        var mark = BeginCounted();
        Write(bytes);
        End(mark);
    }

    public void WritePadded(string text, int sizeBytes)
    {
        var target = Take(sizeBytes);
        target.Fill((byte)' ');
        Encoding.Latin1.GetBytes(text.AsSpan(0, Math.Min(text.Length, sizeBytes)), target);
    }

    public void WriteByte(byte value) => Take(sizeof(byte))[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(sizeof(ushort)), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(sizeof(uint)), value);

    public void WriteZeros(int length) => Take(length).Clear();

    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true); // The user identity may have passed through.
        buffer = [];
        count = 0;
    }

    private Span<byte> Take(int length)
    {
        if (count + length > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, count + length));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
            buffer = larger;
        }

        var taken = buffer.AsSpan(count, length);
        count += length;
        return taken;
    }
}
