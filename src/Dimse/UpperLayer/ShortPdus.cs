using System.Buffers;
using System.Buffers.Binary;

namespace Panal.Dimse;

/// <summary>The PDUs of ten bytes: A-ASSOCIATE-RJ, A-RELEASE-RQ, A-RELEASE-RP, A-ABORT (PS3.8 §9.3.4, 9.3.6 to 9.3.8).</summary>
//   0       1         2              6         7         8         9
//   +-------+---------+--------------+---------+---------+---------+---------+
//   |  03   | 00      |  00000004    | 00      | result  | source  | reason  |   A-ASSOCIATE-RJ
//   |  05   | 00      |  00000004    | 00      | 00      | 00      | 00      |   A-RELEASE-RQ
//   |  06   | 00      |  00000004    | 00      | 00      | 00      | 00      |   A-RELEASE-RP
//   |  07   | 00      |  00000004    | 00      | 00      | source  | reason  |   A-ABORT
//   +-------+---------+--------------+---------+---------+---------+---------+
internal static class ShortPdus
{
    public const int SizeBytes = PduHeader.SizeBytes + PduHeader.ShortBodyBytes;

    public static void WriteReject(IBufferWriter<byte> target, RejectResult result, RejectReason reason) =>
        Write(target, PduType.AssociateReject, ((uint)result << 16) | (uint)reason);

    public static void WriteReleaseRequest(IBufferWriter<byte> target) => Write(target, PduType.ReleaseRequest, 0);

    public static void WriteReleaseReply(IBufferWriter<byte> target) => Write(target, PduType.ReleaseReply, 0);

    public static void WriteAbort(IBufferWriter<byte> target, AbortSource source, AbortReason reason) =>
        Write(target, PduType.Abort, ((uint)source << 8) | (source == AbortSource.ServiceProvider ? (uint)reason : 0));

    /// <summary>Reads the body of a short PDU: three meaningful bytes, from the high one down (result, source, reason).</summary>
    public static (byte Second, byte Third, byte Fourth) ReadBody(in ReadOnlySequence<byte> body)
    {
        Span<byte> bytes = stackalloc byte[PduHeader.ShortBodyBytes];
        body.Slice(0, PduHeader.ShortBodyBytes).CopyTo(bytes);
        return (bytes[1], bytes[2], bytes[3]);
    }

    private static void Write(IBufferWriter<byte> target, PduType type, uint body)
    {
        var span = target.GetSpan(SizeBytes);
        PduHeader.Write(span, type, PduHeader.ShortBodyBytes);
        BinaryPrimitives.WriteUInt32BigEndian(span[PduHeader.SizeBytes..], body);
        target.Advance(SizeBytes);
    }
}
