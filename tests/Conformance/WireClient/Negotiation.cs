using System.Buffers.Binary;
using System.Text;

namespace Panal.Conformance.WireClient;

/// <summary>What is proposed for one presentation context; <paramref name="AsScp"/> asks for the SCP role too (C-GET).</summary>
public sealed record ProposedSyntax(string AbstractSyntax, string TransferSyntax, bool AsScp = false);

/// <summary>A presentation context as it was answered.</summary>
public sealed record WitnessContext(byte Id, string AbstractSyntax, string TransferSyntax, bool IsAccepted);

/// <summary>Whom to call.</summary>
/// <param name="MaxPduBytes">The longest P-DATA-TF that we send or announce, in bytes, whatever the peer allows.</param>
/// <param name="NoDelay">False leaves TCP's default (Nagle) on our side.</param>
public sealed record WitnessTarget(
    string Host, int Port, string CalledAeTitle, string CallingAeTitle = "WITNESS", int MaxPduBytes = 1 << 20, bool NoDelay = true);

/// <summary>Builds and reads the association PDUs of PS3.8 §9.3.2 and §9.3.3.</summary>
internal static class Negotiation
{
    public const byte AssociateRequest = 1, AssociateAccept = 2, AssociateReject = 3, Data = 4, ReleaseRequest = 5, ReleaseResponse = 6, Abort = 7;
    private const string ApplicationContext = "1.2.840.10008.3.1.1.1";
    private const string ImplementationClass = "2.25.182934710293847561029384756102938475610";

    public static byte[] Request(WitnessTarget target, IReadOnlyList<ProposedSyntax> proposals)
    {
        var pdu = Start(AssociateRequest, target.CalledAeTitle, target.CallingAeTitle);
        for (var i = 0; i < proposals.Count; i++)
        {
            var item = new List<byte> { (byte)(2 * i + 1), 0, 0, 0 };
            AddItem(item, 0x30, Encoding.ASCII.GetBytes(proposals[i].AbstractSyntax));
            AddItem(item, 0x40, Encoding.ASCII.GetBytes(proposals[i].TransferSyntax));
            AddItem(pdu, 0x20, item.ToArray());
        }

        var roles = proposals.Where(proposal => proposal.AsScp).Select(proposal => proposal.AbstractSyntax).Distinct(StringComparer.Ordinal);
        AddItem(pdu, 0x50, UserInformation(target.MaxPduBytes, roles));
        return Finish(pdu);
    }

    /// <summary>Accepts each context with the one transfer syntax that it proposes first.</summary>
    public static byte[] Accept(ReadOnlySpan<byte> request, int maxPduBytes, out List<WitnessContext> contexts, out int peerMaxPduBytes)
    {
        contexts = ReadContexts(request, 0x20, null, out peerMaxPduBytes);
        var pdu = Start(AssociateAccept, Encoding.ASCII.GetString(request.Slice(4, 16)), Encoding.ASCII.GetString(request.Slice(20, 16)));
        foreach (var context in contexts)
        {
            var item = new List<byte> { context.Id, 0, 0, 0 };
            AddItem(item, 0x40, Encoding.ASCII.GetBytes(context.TransferSyntax));
            AddItem(pdu, 0x21, item.ToArray());
        }

        AddItem(pdu, 0x50, UserInformation(maxPduBytes, []));
        return Finish(pdu);
    }

    /// <summary>Reads the contexts of a request (item 20) or of its answer (item 21), and the peer's maximum length.</summary>
    public static List<WitnessContext> ReadContexts(
        ReadOnlySpan<byte> body, byte itemType, IReadOnlyList<ProposedSyntax>? proposals, out int maxPduBytes)
    {
        var contexts = new List<WitnessContext>();
        maxPduBytes = 0;
        for (var rest = body[68..]; rest.Length >= 4;)
        {
            var item = Item(rest, out var type);
            if (type == itemType)
            {
                var id = item[0];
                var isAccepted = proposals is null || item[2] == 0;
                var abstractSyntax = proposals?[id / 2].AbstractSyntax ?? "";
                var transferSyntax = "";
                for (var sub = item[4..]; sub.Length >= 4; sub = sub[(4 + Item(sub, out _).Length)..])
                {
                    var text = Encoding.ASCII.GetString(Item(sub, out var subType)).TrimEnd('\0', ' ');
                    abstractSyntax = subType == 0x30 ? text : abstractSyntax;
                    transferSyntax = subType == 0x40 && transferSyntax.Length == 0 ? text : transferSyntax;
                }

                contexts.Add(new WitnessContext(id, abstractSyntax, transferSyntax, isAccepted));
            }
            else if (type == 0x50)
            {
                for (var sub = item; sub.Length >= 4; sub = sub[(4 + Item(sub, out _).Length)..])
                {
                    var value = Item(sub, out var subType);
                    maxPduBytes = subType == 0x51 ? BinaryPrimitives.ReadInt32BigEndian(value) : maxPduBytes;
                }
            }

            rest = rest[(4 + item.Length)..];
        }

        return contexts;
    }

    private static ReadOnlySpan<byte> Item(ReadOnlySpan<byte> bytes, out byte type)
    {
        type = bytes[0];
        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return length <= bytes.Length - 4 ? bytes.Slice(4, length) : throw new WitnessProtocolException("An item does not fit its PDU.");
    }

    private static List<byte> Start(byte type, string called, string calling)
    {
        var pdu = new List<byte> { type, 0, 0, 0, 0, 0, 0, 1, 0, 0 };
        pdu.AddRange(Encoding.ASCII.GetBytes(called.PadRight(16)[..16]));
        pdu.AddRange(Encoding.ASCII.GetBytes(calling.PadRight(16)[..16]));
        pdu.AddRange(new byte[32]);
        AddItem(pdu, 0x10, Encoding.ASCII.GetBytes(ApplicationContext));
        return pdu;
    }

    private static byte[] UserInformation(int maxPduBytes, IEnumerable<string> roles)
    {
        var user = new List<byte>();
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, maxPduBytes);
        AddItem(user, 0x51, length);
        AddItem(user, 0x52, Encoding.ASCII.GetBytes(ImplementationClass));
        foreach (var sopClass in roles)
        {
            // SCU role and SCP role, PS3.7 §D.3.3.4: the receiver of C-GET's sub-operations is an SCP.
            AddItem(user, 0x54, [0, (byte)sopClass.Length, .. Encoding.ASCII.GetBytes(sopClass), 1, 1]);
        }

        return [.. user];
    }

    private static void AddItem(List<byte> target, byte type, byte[] value)
    {
        target.AddRange([type, 0, (byte)(value.Length >> 8), (byte)value.Length]);
        target.AddRange(value);
    }

    private static byte[] Finish(List<byte> pdu)
    {
        var bytes = pdu.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(2), bytes.Length - 6);
        return bytes;
    }
}
