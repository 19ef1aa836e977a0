using System.Buffers;
using System.Runtime.InteropServices;

namespace Panal.Dimse;

/// <summary>Walks once through the transport's buffer, whose positions it keeps: what it takes maps back to where it was taken.</summary>
internal ref struct TransportCursor
{
    private readonly SequencePosition end;
    private readonly ReadOnlySequenceSegment<byte>? lastSegment;
    private readonly int lastIndex;
    private ReadOnlySequenceSegment<byte>? segment;
    private object? owner;
    private ReadOnlyMemory<byte> memory;
    private int offset; // From an index of the memory to one of the transport's position.
    private int index;
    private int limit;

    public TransportCursor(in ReadOnlySequence<byte> buffer)
    {
        end = buffer.End;
        Left = buffer.Length;
        if (SequenceMarshal.TryGetReadOnlySequenceSegment(buffer, out segment, out var firstIndex, out lastSegment, out lastIndex))
        {
            Enter(firstIndex);
        }
        else
        {
            owner = buffer.Start.GetObject();
            offset = buffer.Start.GetInteger();
            memory = buffer.First;
            limit = memory.Length;
        }
    }

    /// <summary>Bytes not yet taken.</summary>
    public long Left { get; private set; }

    public readonly SequencePosition Position => Left == 0 ? end : new SequencePosition(owner, offset + index);

    /// <summary>Takes up to so many bytes that lie together.</summary>
    public ReadOnlyMemory<byte> Take(int count, out SequencePosition at)
    {
        Settle();
        at = Position;
        var length = Math.Min(count, limit - index);
        var taken = memory.Slice(index, length);
        index += length;
        Left -= length;
        return taken;
    }

    /// <summary>Takes exactly as many bytes as the target has; takes nothing when there are fewer.</summary>
    public bool TryTake(scoped Span<byte> target)
    {
        if (Left < target.Length)
        {
            return false;
        }

        while (!target.IsEmpty)
        {
            var part = Take(target.Length, out _).Span;
            part.CopyTo(target);
            target = target[part.Length..];
        }

        return true;
    }

    private void Settle()
    {
        while (index == limit && Left > 0)
        {
            segment = segment!.Next;
            Enter(0);
        }
    }

    private void Enter(int first)
    {
        owner = segment;
        memory = segment!.Memory;
        index = first;
        limit = ReferenceEquals(segment, lastSegment) ? lastIndex : memory.Length;
    }
}
