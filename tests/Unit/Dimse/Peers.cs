using System.Buffers;
using System.Buffers.Binary;
using Panal.Dicom;
using Panal.Dimse;

namespace Panal.Unit.Dimse;

/// <summary>Bytes that scripted peers send.</summary>
internal static class Peers
{
    public static byte[] AssociateRequest(IReadOnlyList<ProposedPresentationContext> contexts) =>
        AssociateRequest(contexts, new UserInformation { MaximumLengthBytes = 16384, ImplementationClassUid = "1.2.3" });

    public static byte[] AssociateRequest(IReadOnlyList<ProposedPresentationContext> contexts, UserInformation user)
    {
        var writer = new ArrayBufferWriter<byte>();
        AssociateWriter.WriteRequest(
            writer,
            new AssociateRequestPdu(AssociatePdu.ProtocolVersion, "CALLED", "CALLING", AssociatePdu.ApplicationContextName, contexts, user));
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Accepts all contexts in their first transfer syntax.</summary>
    public static byte[] AssociateAccept(IReadOnlyList<ProposedPresentationContext> contexts, uint maximumLengthBytes)
    {
        var writer = new ArrayBufferWriter<byte>();
        AssociateWriter.WriteAccept(
            writer,
            new AssociateAcceptPdu(
                AssociatePdu.ProtocolVersion,
                "CALLED",
                "CALLING",
                AssociatePdu.ApplicationContextName,
                [.. contexts.Select(context => new PresentationContextReply(context.Id, PresentationContextResult.Acceptance, context.TransferSyntaxes[0]))],
                new UserInformation { MaximumLengthBytes = maximumLengthBytes, ImplementationClassUid = "1.2.3" }));
        return writer.WrittenSpan.ToArray();
    }

    public static byte[] ReleaseRequest() => [5, 0, 0, 0, 0, 4, 0, 0, 0, 0];

    public static byte[] ReleaseReply() => [6, 0, 0, 0, 0, 4, 0, 0, 0, 0];

    /// <summary>A C-STORE-RQ of CT with its data set of zeros.</summary>
    public static byte[] Store(byte contextId, ushort messageId, int dataSetBytes, int pduBytes) =>
        [.. Command(contextId, StoreCommand(messageId)), .. Data(contextId, isCommand: false, new byte[dataSetBytes], pduBytes)];

    public static DataSet StoreCommand(ushort messageId)
    {
        var command = Request(CommandField.CStore, messageId, Uids.CTImageStorage, hasDataSet: true);
        command.SetUInt16(Tags.Priority, 0);
        command.Set(Tags.AffectedSOPInstanceUID, "1.2.3.4.5.6.7.8.9.10");
        return command;
    }

    public static DataSet Request(CommandField field, ushort messageId, string sopClassUid, bool hasDataSet)
    {
        var command = new DataSet();
        command.Set(Tags.AffectedSOPClassUID, sopClassUid);
        command.SetUInt16(Tags.CommandField, (ushort)field);
        command.SetUInt16(Tags.MessageID, messageId);
        command.SetUInt16(Tags.CommandDataSetType, hasDataSet ? (ushort)1 : (ushort)0x0101);
        return command;
    }

    public static DataSet Cancel(ushort messageId)
    {
        var command = new DataSet();
        command.SetUInt16(Tags.CommandField, (ushort)CommandField.CCancel);
        command.SetUInt16(Tags.MessageIDBeingRespondedTo, messageId);
        command.SetUInt16(Tags.CommandDataSetType, 0x0101);
        return command;
    }

    public static byte[] Encode(DataSet command)
    {
        var writer = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(command, TransferSyntax.ImplicitVrLittleEndian, writer);
        return writer.WrittenSpan.ToArray();
    }

    public static byte[] Command(byte contextId, DataSet command) => Data(contextId, isCommand: true, Encode(command), 16384);

    /// <summary>Bytes as P-DATA-TF PDUs of one PDV each; the last fragment is marked.</summary>
    public static byte[] Data(byte contextId, bool isCommand, ReadOnlySpan<byte> bytes, int pduBytes)
    {
        var result = new ArrayBufferWriter<byte>();
        var fragment = pduBytes - 6;
        do
        {
            var length = Math.Min(fragment, bytes.Length);
            result.Write(Pdu(Pdv(contextId, isCommand, length == bytes.Length, bytes[..length])));
            bytes = bytes[length..];
        }
        while (!bytes.IsEmpty);

        return result.WrittenSpan.ToArray();
    }

    public static byte[] Pdv(byte contextId, bool isCommand, bool isLast, ReadOnlySpan<byte> fragment)
    {
        var pdv = new byte[6 + fragment.Length];
        BinaryPrimitives.WriteInt32BigEndian(pdv, fragment.Length + 2);
        pdv[4] = contextId;
        pdv[5] = (byte)((isCommand ? 1 : 0) | (isLast ? 2 : 0));
        fragment.CopyTo(pdv.AsSpan(6));
        return pdv;
    }

    public static byte[] Pdu(params byte[][] pdvs)
    {
        var body = pdvs.SelectMany(pdv => pdv).ToArray();
        var pdu = new byte[6 + body.Length];
        pdu[0] = 4;
        BinaryPrimitives.WriteInt32BigEndian(pdu.AsSpan(2), body.Length);
        body.CopyTo(pdu, 6);
        return pdu;
    }
}
