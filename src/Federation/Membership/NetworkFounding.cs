using System.Security.Cryptography.X509Certificates;
using Panal.Security.Identities;

namespace Panal.Federation.Membership;

/// <summary>Makes a network whose first member, the centre, is this node.</summary>
public static class NetworkFounding
{
    /// <summary>Makes the authority, the documents and the certificate of the first member.</summary>
    /// <param name="folder">Where the node keeps its network.</param>
    /// <param name="network">Name of the network.</param>
    /// <param name="range">Where virtual addresses come from.</param>
    /// <param name="name">Name of this node.</param>
    /// <param name="institution">The institution that it belongs to; may be empty.</param>
    /// <param name="endpoints">Where links reach it.</param>
    /// <param name="now">The clock.</param>
    /// <returns>Fingerprint of the authority.</returns>
    /// <exception cref="NetworkDocumentException">This node is a member already, or something that was given is not valid.</exception>
    public static string Create(
        NetworkFolder folder, string network, AddressRange range, string name, string institution, IReadOnlyList<string> endpoints, DateTimeOffset now)
    {
        if (folder.IsComplete)
        {
            throw new NetworkDocumentException("This node is a member of a network already.");
        }

        if (!MemberName.IsTitle(network))
        {
            throw new NetworkDocumentException($"The name of a network has 1 to {MemberName.TitleLengthLimit} printable characters.");
        }

        using var key = folder.OpenKey();
        var publicKey = new PublicKey(key);
        var id = Guid.NewGuid();
        using var authority = NetworkAuthority.Create(id, network, now);
        var member = new RosterMember
        {
            Node = Guid.NewGuid(),
            Name = name,
            Role = NodeRole.Centre,
            Address = range[1].ToString(),
            Key = Certificates.KeyHash(publicKey),
            Institution = institution,
            Endpoints = endpoints,
            Groups = [NetworkAccess.GroupOf(NodeRole.Centre)],
            Joined = now,
            HoldsAuthority = true,
            MayRelay = true,
        };
        var roster = new Roster
        {
            Network = id,
            Name = network,
            Version = 1,
            Issued = now,
            Range = range.ToString(),
            NextAddress = 2,
            Members = [member],
            Groups = NetworkAccess.DefaultGroups,
        };
        var signed = authority.Sign(roster);
        folder.Save(authority);
        folder.Save([authority.SignBundle(id, 1, now, [authority.Root])]);
        folder.Save(authority.Sign(new DenyList { Network = id, Version = 1, Issued = now, Entries = [] }));
        folder.Save(signed);
        folder.Save(authority.Issue(new NodeIdentity(id, member.Node, name, member.Role, range[1]), publicKey, now), authority.Issuer);
        return authority.Fingerprint;
    }
}
