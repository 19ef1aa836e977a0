using System.Buffers;
using System.Buffers.Binary;

namespace Panal.Dimse;

/// <summary>PDU types (PS3.8 §9.3.1, Tables 9-11 to 9-26).</summary>
internal enum PduType : byte
{
    AssociateRequest = 0x01,
    AssociateAccept = 0x02,
    AssociateReject = 0x03,
    Data = 0x04,
    ReleaseRequest = 0x05,
    ReleaseReply = 0x06,
    Abort = 0x07,
}

/// <summary>The six bytes that begin each PDU.</summary>
//   0        1          2                6
//   +--------+----------+----------------+----------------------+
//   |  type  | reserved |  length (BE)   |  length bytes        |
//   +--------+----------+----------------+----------------------+
internal readonly record struct PduHeader(PduType Type, uint LengthBytes)
{
    public const int SizeBytes = 6;

    /// <summary>Body of A-ASSOCIATE-RJ, A-RELEASE-RQ, A-RELEASE-RP and A-ABORT, in bytes.</summary>
    public const int ShortBodyBytes = 4;

    public bool IsKnown => Type is >= PduType.AssociateRequest and <= PduType.Abort;

    /// <summary>Reads one PDU header; consumes nothing when it returns false.</summary>
    /// <param name="buffer">Bytes that begin with a PDU.</param>
    /// <param name="limits">Longest bodies accepted, in bytes.</param>
    /// <param name="header">The header.</param>
    /// <param name="consumed">Where the body begins.</param>
    /// <exception cref="AssociationAbortException">The type is unknown, or the body is longer or shorter than the type allows.</exception>
    /// <remarks>PS3.8 §9.3.1; abort reasons, Table 9-26.</remarks>
    public static bool TryRead(in ReadOnlySequence<byte> buffer, in PduLimits limits, out PduHeader header, out SequencePosition consumed)
    {
        header = default;
        consumed = buffer.Start;
        Span<byte> copy = stackalloc byte[SizeBytes];
        scoped var bytes = buffer.FirstSpan;
        if (bytes.Length < SizeBytes)
        {
            // The type alone tells a stranger (an HTTP client, say): no need to wait for the rest.
            if (!bytes.IsEmpty)
            {
                CheckType(bytes[0]);
            }

            if (buffer.Length < SizeBytes)
            {
                return false;
            }

            buffer.Slice(0, SizeBytes).CopyTo(copy);
            bytes = copy;
        }

        header = Read(bytes, limits);
        consumed = buffer.GetPosition(SizeBytes);
        return true;
    }

    /// <summary>Reads one PDU header from six bytes.</summary>
    /// <exception cref="AssociationAbortException">The type is unknown, or the body is longer or shorter than the type allows.</exception>
    public static PduHeader Read(ReadOnlySpan<byte> bytes, in PduLimits limits)
    {
        CheckType(bytes[0]);
        var header = new PduHeader((PduType)bytes[0], BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]));
        header.CheckLength(limits);
        return header;
    }

    /// <summary>Writes the header into the first six bytes of a span.</summary>
    public static void Write(Span<byte> target, PduType type, uint lengthBytes)
    {
        target[0] = (byte)type;
        target[1] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(target[2..], lengthBytes);
    }

    private static void CheckType(byte type)
    {
        if (type is < (byte)PduType.AssociateRequest or > (byte)PduType.Abort)
        {
            throw new AssociationAbortException($"PDU type {type:X2} is unknown.", AbortReason.UnrecognizedPdu);
        }
    }

    private void CheckLength(in PduLimits limits)
    {
        var (minimum, maximum) = Type switch
        {
            PduType.AssociateRequest or PduType.AssociateAccept => (AssociatePdu.FixedBytes, limits.AssociateBytes),
            PduType.Data => (PdvHeader.SizeBytes, limits.DataBytes),
            _ => (ShortBodyBytes, ShortBodyBytes),
        };
        if (LengthBytes < minimum || LengthBytes > maximum)
        {
            throw new AssociationAbortException(
                $"PDU type {(byte)Type:X2} of {LengthBytes} bytes is outside {minimum} to {maximum}.", AbortReason.InvalidPduParameterValue);
        }
    }
}

/// <summary>Longest PDU bodies that we accept, in bytes.</summary>
/// <param name="AssociateBytes">A-ASSOCIATE-RQ and A-ASSOCIATE-AC.</param>
/// <param name="DataBytes">P-DATA-TF: the maximum length that we announced.</param>
internal readonly record struct PduLimits(int AssociateBytes, int DataBytes);
