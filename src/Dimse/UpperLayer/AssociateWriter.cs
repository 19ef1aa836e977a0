using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Panal.Dimse;

/// <summary>Writes A-ASSOCIATE-RQ and A-ASSOCIATE-AC (PS3.8 §9.3.2 and 9.3.3; wire picture at <see cref="AssociateReader"/>).</summary>
internal static class AssociateWriter
{
    private const int SmallestPduBytes = 1024;

    public static void WriteRequest(IBufferWriter<byte> target, AssociateRequestPdu pdu)
    {
        var writer = new ItemWriter(SmallestPduBytes);
        var start = BeginFixed(ref writer, pdu.ProtocolVersion, pdu.CalledAeTitle, pdu.CallingAeTitle, pdu.ApplicationContextName);
        foreach (var context in pdu.Contexts)
        {
            var item = writer.Begin(ItemType.ProposedContext);
            writer.WriteByte(context.Id);
            writer.WriteZeros(3);
            writer.WriteText(ItemType.AbstractSyntax, context.AbstractSyntax);
            foreach (var transferSyntax in context.TransferSyntaxes)
            {
                writer.WriteText(ItemType.TransferSyntax, transferSyntax);
            }

            writer.End(item);
        }

        WriteUserInformation(ref writer, pdu.UserInformation);
        Finish(ref writer, start, PduType.AssociateRequest, target);
    }

    public static void WriteAccept(IBufferWriter<byte> target, AssociateAcceptPdu pdu)
    {
        var writer = new ItemWriter(SmallestPduBytes);
        var start = BeginFixed(ref writer, pdu.ProtocolVersion, pdu.CalledAeTitle, pdu.CallingAeTitle, pdu.ApplicationContextName);
        foreach (var context in pdu.Contexts)
        {
            var item = writer.Begin(ItemType.ContextReply);
            writer.WriteByte(context.Id);
            writer.WriteZeros(1);
            writer.WriteByte((byte)context.Result);
            writer.WriteZeros(1);
            writer.WriteText(ItemType.TransferSyntax, context.TransferSyntax);
            writer.End(item);
        }

        WriteUserInformation(ref writer, pdu.UserInformation);
        Finish(ref writer, start, PduType.AssociateAccept, target);
    }

    private static int BeginFixed(ref ItemWriter writer, ushort version, string called, string calling, string application)
    {
        writer.WriteZeros(PduHeader.SizeBytes);
        var start = writer.Written.Length;
        writer.WriteUInt16(version);
        writer.WriteZeros(2);
        writer.WritePadded(called, AssociatePdu.AeTitleBytes);
        writer.WritePadded(calling, AssociatePdu.AeTitleBytes);
        writer.WriteZeros(AssociatePdu.ReservedBytes);
        writer.WriteText(ItemType.ApplicationContext, application);
        return start;
    }

    private static void Finish(ref ItemWriter writer, int start, PduType type, IBufferWriter<byte> target)
    {
        PduHeader.Write(writer.Written, type, (uint)(writer.Written.Length - start));
        target.Write(writer.Written);
        writer.Dispose();
    }

    // In ascending order of type, as the tables list them.
    private static void WriteUserInformation(ref ItemWriter writer, UserInformation user)
    {
        var item = writer.Begin(ItemType.UserInformation);
        var maximum = writer.Begin(ItemType.MaximumLength);
        writer.WriteUInt32(user.MaximumLengthBytes);
        writer.End(maximum);
        if (user.ImplementationClassUid.Length > 0)
        {
            writer.WriteText(ItemType.ImplementationClassUid, user.ImplementationClassUid);
        }

        if (user.AsynchronousOperations is { } window)
        {
            var sub = writer.Begin(ItemType.AsynchronousOperationsWindow);
            writer.WriteUInt16(window.Invoked);
            writer.WriteUInt16(window.Performed);
            writer.End(sub);
        }

        foreach (var role in user.Roles)
        {
            var sub = writer.Begin(ItemType.RoleSelection);
            writer.WriteCounted(role.SopClassUid);
            writer.WriteByte(role.Scu ? (byte)1 : (byte)0);
            writer.WriteByte(role.Scp ? (byte)1 : (byte)0);
            writer.End(sub);
        }

        if (!string.IsNullOrEmpty(user.ImplementationVersionName))
        {
            writer.WriteText(ItemType.ImplementationVersionName, user.ImplementationVersionName);
        }

        WriteNegotiations(ref writer, user);
        writer.End(item);
    }

    private static void WriteNegotiations(ref ItemWriter writer, UserInformation user)
    {
        foreach (var extended in user.ExtendedNegotiation)
        {
            var sub = writer.Begin(ItemType.ExtendedNegotiation);
            writer.WriteCounted(extended.SopClassUid);
            writer.Write(extended.ApplicationInformation.Span);
            writer.End(sub);
        }

        foreach (var common in user.CommonExtendedNegotiation)
        {
            var sub = writer.Begin(ItemType.CommonExtendedNegotiation);
            writer.WriteCounted(common.SopClassUid);
            writer.WriteCounted(common.ServiceClassUid);
            var related = writer.BeginCounted();
            foreach (var uid in common.RelatedGeneralSopClassUids)
            {
                writer.WriteCounted(uid);
            }

            writer.End(related);
            writer.End(sub);
        }

        if (user.UserIdentity is { } identity)
        {
            var sub = writer.Begin(ItemType.UserIdentity);
            writer.WriteByte((byte)identity.Type);
            writer.WriteByte(identity.PositiveResponseRequested ? (byte)1 : (byte)0);
            writer.WriteCounted(identity.PrimaryField.Span);
            writer.WriteCounted(identity.SecondaryField.Span);
            writer.End(sub);
        }

        if (user.UserIdentityResponse is { } response)
        {
            var sub = writer.Begin(ItemType.UserIdentityResponse);
            writer.WriteCounted(response.Span);
            writer.End(sub);
        }
    }
}
