using System.Collections.Concurrent;
using Panal.Federation.Membership;
using Panal.Security.Identities;

namespace Panal.Unit.Federation.Membership;

/// <summary>
/// Documents travel between members over lines that lose, reorder, repeat and part, in an order that a seed decides; in the end everybody
/// has the newest of each kind, and nobody ever went back.
/// </summary>
public sealed class MembershipSimulationTests : IDisposable
{
    private const int Members = 5;
    private const int Acts = 60;

    private readonly SetTime _time = new();
    private readonly List<SampleMember> _members = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _members.ForEach(m => m.Dispose());

    [Fact]
    public async Task All_members_converge_to_the_newest_documents_whatever_is_lost_or_reordered()
    {
        var histories = LongRun.IsAsked ? 10_000 : 500;
        await FoundAsync();
        // Real documents, signed once: a history is the order in which they arrive.
        var documents = SignAll();
        // What a bundle says of a document is the same in every history, and takes a millisecond to find out.
        var read = new ConcurrentDictionary<(long Bundle, SignedDocument Document), object?>();
        for (var seed = 0; seed < histories; seed++)
        {
            Run(seed, documents, read);
        }
    }

    private static void Run(int seed, IReadOnlyList<SignedDocument> documents, ConcurrentDictionary<(long Bundle, SignedDocument Document), object?> read)
    {
        var random = new Random(seed);
        var nodes = Enumerable.Range(0, Members).Select(_ => new Replica(documents[0], read)).ToArray();
        nodes[0].Know(documents);
        for (var act = 0; act < Acts; act++)
        {
            var (from, to) = (random.Next(Members), random.Next(Members));
            // Two sides of a partition that changes every 20 acts hear nothing of one another.
            var isParted = ((from ^ (act / 20)) & 1) != ((to ^ (act / 20)) & 1) && random.Next(4) > 0;
            if (!isParted)
            {
                nodes[from].Send(nodes[to], random, seed);
            }
        }

        // The lines heal: every pair talks once more in both directions, in order.
        for (var round = 0; round < Members; round++)
        {
            for (var i = 0; i < Members; i++)
            {
                nodes[i].SendAll(nodes[(i + 1) % Members], seed);
            }
        }

        foreach (var node in nodes)
        {
            Assert.True(node.Versions == nodes[0].Versions, $"seed {seed}: {node.Versions} instead of {nodes[0].Versions}");
        }
    }

    private async Task FoundAsync()
    {
        _members.Add(SampleMember.Centre(_time));
        var centre = _members[0];
        for (var i = 1; i < 4; i++)
        {
            var member = new SampleMember(_time);
            _members.Add(member);
            centre.Office.Heard(centre.Standing.Self, default);
            await member.JoinAsync(centre, $"CLINIC-{i}", Ct);
        }
    }

    private List<SignedDocument> SignAll()
    {
        var centre = _members[0];
        var all = new List<SignedDocument> { centre.Standing.Bundles[0] };
        void Take() => all.AddRange(new[] { centre.Standing.SignedDenied, centre.Standing.SignedRoster }.Where(d => !all.Contains(d)));
        Take();
        centre.Office.Revoke("CLINIC-1", "");
        Take();
        centre.Office.RenewAuthority(withoutOthers: true);
        all.Add(centre.Standing.Bundles[^1]);
        centre.Office.Revoke("CLINIC-2", "");
        Take();
        centre.Office.RenewAuthority(withoutOthers: true);
        all.Add(centre.Standing.Bundles[^1]);
        Take();
        centre.Office.Revoke("CLINIC-3", "");
        Take();
        return all;
    }

    /// <summary>What one simulated member has, by the rules of <see cref="TrustBundle"/>.</summary>
    private sealed class Replica(SignedDocument first, ConcurrentDictionary<(long Bundle, SignedDocument Document), object?> read)
    {
        private readonly List<SignedDocument> _bundles = [first];
        private TrustBundle _bundle = TrustBundle.ReadFirst(first, Certificates.Fingerprint(first.Signer));
        private (long Version, SignedDocument? Document) _roster;
        private (long Version, SignedDocument? Document) _denied;

        public (long Bundle, long Roster, long Denied) Versions => (_bundle.Sequence, _roster.Version, _denied.Version);

        public void Know(IEnumerable<SignedDocument> documents)
        {
            foreach (var document in documents)
            {
                Take(document, 0);
            }
        }

        /// <summary>Sends what it has, shuffled, with losses and repetitions.</summary>
        public void Send(Replica to, Random random, int seed)
        {
            foreach (var document in Mine().OrderBy(_ => random.Next()).Where(_ => random.Next(3) > 0))
            {
                for (var times = random.Next(1, 3); times > 0; times--)
                {
                    to.Take(document, seed);
                }
            }
        }

        public void SendAll(Replica to, int seed)
        {
            foreach (var document in Mine())
            {
                to.Take(document, seed);
            }
        }

        private IEnumerable<SignedDocument> Mine() => [.. _bundles, .. new[] { _denied.Document, _roster.Document }.OfType<SignedDocument>()];

        private void Take(SignedDocument document, int seed)
        {
            var before = Versions;
            switch (read.GetOrAdd((_bundle.Sequence, document), _ => Read(document)))
            {
                case TrustBundle next:
                    _bundle = next;
                    _bundles.Add(document);
                    break;
                case Roster roster when roster.Version > _roster.Version:
                    _roster = (roster.Version, document);
                    break;
                case DenyList denied when denied.Version > _denied.Version:
                    _denied = (denied.Version, document);
                    break;
            }

            Assert.True(Versions.Bundle >= before.Bundle && Versions.Roster >= before.Roster && Versions.Denied >= before.Denied, $"seed {seed}: went back");
        }

        private object? Read(SignedDocument document)
        {
            try
            {
                return document.Kind switch
                {
                    DocumentKind.TrustBundle => _bundle.ReadNext(document),
                    DocumentKind.Roster => _bundle.ReadRoster(document),
                    _ => _bundle.ReadDenyList(document),
                };
            }
            catch (NetworkDocumentException)
            {
                // Signed by an authority that it does not know yet: it comes again after the bundle.
                return null;
            }
        }
    }
}
