using System.Buffers;
using System.Buffers.Binary;

namespace Panal.Dimse;

/// <summary>The six bytes that begin each presentation data value (PS3.8 §9.3.5.1 and Annex E.2).</summary>
//   0                4           5           6
//   +----------------+-----------+-----------+-------------------+
//   |  length (BE)   | context   | control   |  fragment         |
//   +----------------+-----------+-----------+-------------------+
//                    |<------------ length bytes --------------->|
//   control: bit 0 = command (else data set), bit 1 = last fragment
internal readonly record struct PdvHeader(byte ContextId, bool IsCommand, bool IsLast, int FragmentBytes)
{
    public const int SizeBytes = 6;

    /// <summary>Part of <see cref="SizeBytes"/> that the length field counts.</summary>
    public const int CountedBytes = 2;

    private const byte CommandBit = 1;
    private const byte LastBit = 2;

    /// <summary>Reads one PDV header; consumes nothing when it returns false.</summary>
    /// <param name="buffer">Bytes that begin with a PDV.</param>
    /// <param name="pduBytes">Bytes of the PDU that are left, this header included.</param>
    /// <param name="header">The header.</param>
    /// <exception cref="AssociationAbortException">The length is below 2 or beyond the PDU.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> buffer, long pduBytes, out PdvHeader header)
    {
        header = default;
        CheckRoom(pduBytes);
        Span<byte> copy = stackalloc byte[SizeBytes];
        scoped var bytes = buffer.FirstSpan;
        if (bytes.Length < SizeBytes)
        {
            if (buffer.Length < SizeBytes)
            {
                return false;
            }

            buffer.Slice(0, SizeBytes).CopyTo(copy);
            bytes = copy;
        }

        header = Read(bytes, pduBytes);
        return true;
    }

    /// <summary>Reads one PDV header from six bytes.</summary>
    /// <exception cref="AssociationAbortException">The length is below 2 or beyond the PDU.</exception>
    public static PdvHeader Read(ReadOnlySpan<byte> bytes, long pduBytes)
    {
        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (length < CountedBytes || length > pduBytes - sizeof(uint))
        {
            throw new AssociationAbortException(
                $"A PDV of {length} bytes does not fit in the {pduBytes} bytes left of its PDU.", AbortReason.InvalidPduParameterValue);
        }

        // Bits 2 to 7 are reserved and not tested (PS3.8 Annex E.2).
        return new PdvHeader(bytes[4], (bytes[5] & CommandBit) != 0, (bytes[5] & LastBit) != 0, (int)length - CountedBytes);
    }

    /// <summary>Writes the header into the first six bytes of a span.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target, (uint)(FragmentBytes + CountedBytes));
        target[4] = ContextId;
        target[5] = (byte)((IsCommand ? CommandBit : 0) | (IsLast ? LastBit : 0));
    }

    /// <summary>Checks that what is left of a PDU can hold a PDV.</summary>
    public static void CheckRoom(long pduBytes)
    {
        if (pduBytes < SizeBytes)
        {
            throw new AssociationAbortException($"{pduBytes} bytes at the end of a P-DATA-TF PDU hold no PDV.", AbortReason.InvalidPduParameterValue);
        }
    }
}
