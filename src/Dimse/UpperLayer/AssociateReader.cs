using System.Buffers;
using System.Text;

namespace Panal.Dimse;

/// <summary>Reads the bodies of A-ASSOCIATE-RQ and A-ASSOCIATE-AC, whose length the header has already bounded.</summary>
//   0          2          4              20             36             68
//   +----------+----------+--------------+--------------+--------------+----------------+
//   | version  | reserved | called title | calling title| reserved     | items ...      |
//   +----------+----------+--------------+--------------+--------------+----------------+
//   item:  | type 1 | reserved 1 | length 2 (BE) | length bytes |
internal static class AssociateReader
{
    /// <summary>Reads A-ASSOCIATE-RQ.</summary>
    /// <exception cref="AssociationAbortException">A length overruns, a context is numbered wrongly or twice, or something mandatory is missing.</exception>
    /// <remarks>PS3.8 §9.3.2, Tables 9-11 to 9-15. Unknown items are skipped.</remarks>
    public static AssociateRequestPdu ReadRequest(in ReadOnlySequence<byte> body) =>
        Read(body, static bytes =>
        {
            var items = ReadFixed(bytes, out var version, out var called, out var calling);
            var application = string.Empty;
            var contexts = new List<ProposedPresentationContext>();
            var numbers = new ContextNumbers();
            var user = new UserInformation();
            while (items.TryNext(out var type, out var item))
            {
                switch (type)
                {
                    case ItemType.ApplicationContext:
                        application = item.ReadRestAsUid();
                        break;
                    case ItemType.ProposedContext:
                        contexts.Add(ReadProposedContext(ref item, ref numbers));
                        break;
                    case ItemType.UserInformation:
                        user = UserInformationReader.Read(ref item);
                        break;
                    default:
                        break;
                }
            }

            return contexts.Count == 0
                ? throw ItemReader.Invalid("A-ASSOCIATE-RQ proposes no presentation context.")
                : new AssociateRequestPdu(version, called, calling, application, contexts, user);
        });

    /// <summary>Reads A-ASSOCIATE-AC.</summary>
    /// <exception cref="AssociationAbortException">A length overruns, or a context is numbered wrongly or twice.</exception>
    /// <remarks>PS3.8 §9.3.3, Tables 9-17 to 9-20. Unknown items are skipped.</remarks>
    public static AssociateAcceptPdu ReadAccept(in ReadOnlySequence<byte> body) =>
        Read(body, static bytes =>
        {
            var items = ReadFixed(bytes, out var version, out var called, out var calling);
            var application = string.Empty;
            var contexts = new List<PresentationContextReply>();
            var numbers = new ContextNumbers();
            var user = new UserInformation();
            while (items.TryNext(out var type, out var item))
            {
                switch (type)
                {
                    case ItemType.ApplicationContext:
                        application = item.ReadRestAsUid();
                        break;
                    case ItemType.ContextReply:
                        contexts.Add(ReadContextReply(ref item, ref numbers));
                        break;
                    case ItemType.UserInformation:
                        user = UserInformationReader.Read(ref item);
                        break;
                    default:
                        break;
                }
            }

            return new AssociateAcceptPdu(version, called, calling, application, contexts, user);
        });

    private delegate T BodyReader<T>(ReadOnlySpan<byte> bytes);

    private static T Read<T>(in ReadOnlySequence<byte> body, BodyReader<T> read)
    {
        if (body.IsSingleSegment)
        {
            return read(body.FirstSpan);
        }

        var length = checked((int)body.Length);
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            body.CopyTo(rented);
            return read(rented.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true); // The user identity may have passed through.
        }
    }

    private static ItemReader ReadFixed(ReadOnlySpan<byte> bytes, out ushort version, out string called, out string calling)
    {
        var reader = new ItemReader(bytes);
        version = reader.ReadUInt16();
        reader.Skip(sizeof(ushort));
        called = ReadAeTitle(reader.Take(AssociatePdu.AeTitleBytes));
        calling = ReadAeTitle(reader.Take(AssociatePdu.AeTitleBytes));
        reader.Skip(AssociatePdu.ReservedBytes);
        return reader;
    }

    // Hostile characters are kept: the access list must see what the peer wrote, and Log.cs prints titles sanitised.
    private static string ReadAeTitle(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes.Trim(" \0"u8));

    //   | id 1 | reserved 3 | abstract syntax item | transfer syntax items ... |
    private static ProposedPresentationContext ReadProposedContext(ref ItemReader item, ref ContextNumbers numbers)
    {
        var id = numbers.Take(item.ReadByte());
        item.Skip(3);
        string? abstractSyntax = null;
        var transferSyntaxes = new List<string>();
        while (item.TryNext(out var type, out var sub))
        {
            if (type == ItemType.AbstractSyntax)
            {
                abstractSyntax = sub.ReadRestAsUid();
            }
            else if (type == ItemType.TransferSyntax)
            {
                ItemReader.CheckCount(transferSyntaxes.Count, AssociatePdu.MaximumTransferSyntaxes, "transfer syntaxes");
                transferSyntaxes.Add(sub.ReadRestAsUid());
            }
        }

        return abstractSyntax is null || transferSyntaxes.Count == 0
            ? throw ItemReader.Invalid($"Presentation context {id} lacks its abstract or its transfer syntax.")
            : new ProposedPresentationContext(id, abstractSyntax, transferSyntaxes);
    }

    //   | id 1 | reserved 1 | result 1 | reserved 1 | transfer syntax item |
    private static PresentationContextReply ReadContextReply(ref ItemReader item, ref ContextNumbers numbers)
    {
        var id = numbers.Take(item.ReadByte());
        item.Skip(1);
        var result = (PresentationContextResult)item.ReadByte();
        item.Skip(1);
        var transferSyntax = string.Empty;
        while (result == PresentationContextResult.Acceptance && item.TryNext(out var type, out var sub))
        {
            if (type == ItemType.TransferSyntax)
            {
                transferSyntax = sub.ReadRestAsUid();
            }
        }

        return new PresentationContextReply(id, result, transferSyntax);
    }

    /// <summary>Which context numbers were seen: each is odd and comes once (PS3.8 §9.3.2.2).</summary>
    private struct ContextNumbers
    {
        private UInt128 seen;

        public byte Take(byte id)
        {
            var bit = UInt128.One << (id >> 1);
            if ((id & 1) == 0 || (seen & bit) != 0)
            {
                throw ItemReader.Invalid($"Presentation context number {id} is even or comes twice.");
            }

            seen |= bit;
            return id;
        }
    }
}
