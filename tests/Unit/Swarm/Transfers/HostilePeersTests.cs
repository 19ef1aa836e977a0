using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;

namespace Panal.Unit.Swarm.Transfers;

/// <summary>A receiver among honest peers, liars and churn, in an order that a seed makes up; the seed is in the name of the case.</summary>
public sealed class HostilePeersTests
{
    private const int Blocks = 120;

    private enum Character
    {
        Honest,
        Silent,
        Falsifying,
        Refusing,
        SilentAtTheEnd,
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 200)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Everything_that_an_honest_peer_holds_arrives_and_nothing_false_is_kept(int seed)
    {
        var world = new World(seed);
        var steps = 0;
        while (!world.Download.IsComplete)
        {
            Assert.True(++steps < 20_000, $"Seed {seed}: {world.Download.Have.Count} of {Blocks} blocks.");
            world.Step();
            world.Check();
        }

        Assert.Equal(Blocks, world.Kept.Count);
        Assert.Equal(0, world.Download.Requested);
    }

    private sealed class World
    {
        private readonly Random _random;
        private readonly List<Peer> _peers = [];
        private TimeSpan _now;

        public World(int seed)
        {
            _random = new Random(seed);
            Download = new Download(new BlockMap([new TransferObject(default, Blocks * 65_536L, true)]), (ulong)seed, new DownloadOptions());
            var honest = _random.Next(1, 4);
            for (var i = 0; i < honest + 4; i++)
            {
                var peer = new Peer(i < honest ? Character.Honest : (Character)_random.Next(5), (ulong)_random.NextInt64());
                _peers.Add(peer);
                // The honest together hold everything; what liars say they hold is anything.
                peer.Has.UnionWith(Enumerable.Range(0, Blocks).Where(b => i < honest ? b % honest == i || _random.Next(3) == 0 : _random.Next(4) > 0));
                Join(peer);
            }
        }

        public Download Download { get; }

        public HashSet<int> Kept { get; } = [];

        public void Step()
        {
            _now += TimeSpan.FromMilliseconds(_random.Next(1, 400));
            Decide();
            var peer = _peers[_random.Next(_peers.Count)];
            if (_random.Next(60) == 0)
            {
                Churn(peer);
            }

            if (peer.Number < 0 || Download.Holders[peer.Number]!.Requests.Count == 0)
            {
                Download.Tick();
                return;
            }

            var requests = Download.Holders[peer.Number]!.Requests;
            var block = requests[_random.Next(requests.Count)].Block;
            switch (peer.Character)
            {
                case Character.Silent:
                case Character.SilentAtTheEnd when Download.Have.Count > Blocks * 99 / 100 - 1:
                    break;
                case Character.Falsifying when _random.Next(3) > 0:
                    Assert.False(Download.Arrived(peer.Number, block, false, _now));
                    break;
                case Character.Refusing:
                    // And says again that it holds it: sometimes, or always.
                    Assert.True(Download.Refused(peer.Number, block, _now));
                    _ = (peer.Key % 2 == 0 || _random.Next(2) == 0) && Download.Has(peer.Number, block, _now);
                    break;
                default:
                    Assert.True(Download.Arrived(peer.Number, block, true, _now));
                    Assert.True(Kept.Add(block));
                    break;
            }
        }

        public void Check()
        {
            Assert.Equal(Kept.Count, Download.Have.Count);
            var asked = _peers.Where(p => p.Number >= 0).SelectMany(p => Download.Holders[p.Number]!.Requests.Select(r => r.Block)).ToList();
            Assert.Equal(asked.Count, asked.Distinct().Count());
            Assert.Equal(Download.Requested, asked.Count);
            Assert.DoesNotContain(asked, Download.Have.Contains);
            Assert.DoesNotContain(asked, Download.Open.Contains);
            Assert.True(asked.Count <= _peers.Count * 2 * Download.Options.MaxRequests);
        }

        private void Decide()
        {
            var actions = new TransferAction[_random.Next(2, 40)];
            int count;
            do
            {
                count = Download.Decide(_now, actions);
                foreach (var ban in actions.Take(count).Where(a => a.Kind == TransferActionKind.Ban))
                {
                    var banned = _peers.Find(p => p.Number == ban.Holder);
                    if (banned is not null)
                    {
                        Assert.Equal(Character.Falsifying, banned.Character);
                        Download.HolderDown(ban.Holder, _now);
                        banned.Number = -1;
                        banned.IsBanned = true;
                    }
                }
            }
            while (count == actions.Length);
        }

        // A peer leaves or comes back; one that lies also announces what there is not.
        private void Churn(Peer peer)
        {
            if (peer.Number >= 0)
            {
                Download.HolderDown(peer.Number, _now);
                peer.Number = -1;
            }
            else if (!peer.IsBanned)
            {
                Join(peer);
            }
        }

        private void Join(Peer peer)
        {
            peer.Number = Download.HolderUp(peer.Key, _random.Next(5) == 0);
            Assert.True(peer.Number >= 0);
            foreach (var block in peer.Has)
            {
                Assert.True(Download.Has(peer.Number, block, _now));
            }

            if (peer.Character != Character.Honest)
            {
                Assert.False(Download.Has(peer.Number, Blocks + _random.Next(1_000), _now));
                Assert.False(Download.Refused(peer.Number, Blocks + _random.Next(1_000), _now));
                Download.Claimed(peer.Number, _random.Next(Blocks), true, _now);
                Download.UplinkIs(peer.Number, _random.Next(2) == 0 ? double.PositiveInfinity : -1);
            }
        }
    }

    private sealed class Peer(Character character, ulong key)
    {
        public Character Character => character;

        public ulong Key => key;

        public HashSet<int> Has { get; } = [];

        public int Number { get; set; } = -1;

        public bool IsBanned { get; set; }
    }
}
