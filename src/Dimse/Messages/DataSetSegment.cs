using System.Buffers;

namespace Panal.Dimse;

/// <summary>Where the reading of PDVs stands: how much is left of the PDU and of the PDV, whether that PDV is the last, and how many PDUs began within the data set.</summary>
internal record struct PdvPosition(long PduLeft, int PdvLeft, bool IsLast, int PduCount)
{
    public readonly bool IsComplete => IsLast && PdvLeft == 0;

    public void Take(int bytes)
    {
        PduLeft -= bytes;
        PdvLeft -= bytes;
    }
}

/// <summary>A piece of a data set that lies in the transport's buffer; used again for each read.</summary>
internal sealed class DataSetSegment : ReadOnlySequenceSegment<byte>
{
    /// <summary>Where the piece begins in the transport's buffer.</summary>
    public SequencePosition TransportStart { get; private set; }

    /// <summary>How the reading stood at the beginning of the piece.</summary>
    public PdvPosition Position { get; private set; }

    public DataSetSegment? Following => (DataSetSegment?)Next;

    public void Set(ReadOnlyMemory<byte> memory, SequencePosition transportStart, PdvPosition position, DataSetSegment? previous)
    {
        Memory = memory;
        TransportStart = transportStart;
        Position = position;
        Next = null;
        RunningIndex = 0;
        if (previous is not null)
        {
            previous.Next = this;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
        }
    }

    public SequencePosition ToTransport(int index) =>
        new(TransportStart.GetObject(), TransportStart.GetInteger() + index);
}
