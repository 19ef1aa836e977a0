using System.Text;

namespace Panal.Dimse;

/// <summary>Reads the user information item (PS3.8 §9.3.2.3 and Annex D; PS3.7 §D.3.3).</summary>
internal static class UserInformationReader
{
    /// <summary>Reads all sub-items; unknown ones are skipped, of a repeated one the last counts.</summary>
    /// <exception cref="AssociationAbortException">A length overruns or a count passes its limit.</exception>
    public static UserInformation Read(ref ItemReader item)
    {
        var user = new UserInformation();
        var roles = new List<RoleSelection>();
        var extended = new List<ExtendedNegotiation>();
        var common = new List<CommonExtendedNegotiation>();
        while (item.TryNext(out var type, out var sub))
        {
            ItemReader.CheckCount(roles.Count + extended.Count + common.Count, AssociatePdu.MaximumNegotiationItems, "negotiation items");
            switch (type)
            {
                case ItemType.MaximumLength:
                    user = user with { MaximumLengthBytes = sub.ReadUInt32() };
                    break;
                case ItemType.ImplementationClassUid:
                    user = user with { ImplementationClassUid = sub.ReadRestAsUid() };
                    break;
                case ItemType.ImplementationVersionName:
                    user = user with { ImplementationVersionName = ReadVersionName(ref sub) };
                    break;
                case ItemType.AsynchronousOperationsWindow:
                    user = user with { AsynchronousOperations = new AsynchronousOperationsWindow(sub.ReadUInt16(), sub.ReadUInt16()) };
                    break;
                case ItemType.RoleSelection:
                    roles.Add(new RoleSelection(sub.ReadCountedUid(), sub.ReadByte() == 1, sub.ReadByte() == 1));
                    break;
                case ItemType.ExtendedNegotiation:
                    extended.Add(new ExtendedNegotiation(sub.ReadCountedUid(), sub.Take(sub.Left).ToArray()));
                    break;
                case ItemType.CommonExtendedNegotiation:
                    common.Add(ReadCommon(ref sub));
                    break;
                case ItemType.UserIdentity:
                    user = user with { UserIdentity = ReadIdentity(ref sub) };
                    break;
                case ItemType.UserIdentityResponse:
                    user = user with { UserIdentityResponse = sub.TakeCounted().ToArray() };
                    break;
                default:
                    break;
            }
        }

        return user with { Roles = roles, ExtendedNegotiation = extended, CommonExtendedNegotiation = common };
    }

    // Longer names are seen in the field: cut, as nothing depends on them.
    private static string ReadVersionName(ref ItemReader sub)
    {
        var name = sub.Take(sub.Left);
        return Encoding.Latin1.GetString(name[..Math.Min(name.Length, AssociatePdu.MaximumVersionNameBytes)].Trim(" \0"u8));
    }

    //   | class length 2 | SOP class | service length 2 | service class | related length 2 | { length 2 | related class } ... |
    private static CommonExtendedNegotiation ReadCommon(ref ItemReader sub)
    {
        var sopClass = sub.ReadCountedUid();
        var serviceClass = sub.ReadCountedUid();
        var related = new ItemReader(sub.TakeCounted());
        var classes = new List<string>();
        while (related.Left > 0)
        {
            ItemReader.CheckCount(classes.Count, AssociatePdu.MaximumNegotiationItems, "related general SOP classes");
            classes.Add(related.ReadCountedUid());
        }

        return new CommonExtendedNegotiation(sopClass, serviceClass, classes);
    }

    //   | type 1 | response wanted 1 | primary length 2 | primary | secondary length 2 | secondary |
    private static UserIdentity ReadIdentity(ref ItemReader sub) => new(
        (UserIdentityType)sub.ReadByte(),
        sub.ReadByte() == 1,
        sub.TakeCounted().ToArray(),
        sub.Left == 0 ? ReadOnlyMemory<byte>.Empty : sub.TakeCounted().ToArray());
}
