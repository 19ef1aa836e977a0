using System.Globalization;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Unit.Catalogue.Support;
using Panal.Unit.Federation.Feed;
using Panal.Unit.Federation.Membership;
using Panal.Unit.Federation.Support;
using Panal.Unit.Security;

namespace Panal.Unit.Federation;

/// <summary>
/// Random histories of a whole network with the rooms that a node runs. A seed decides what happens, and where lines break; which of two
/// threads comes first it does not, so a seed that fails may have to be run again. Histories that are the same to the last byte, of the feed and of
/// the documents alone, are in FeedSimulationTests and MembershipSimulationTests.
/// </summary>
public sealed class NetworkSimulationTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder _template = new();

    /// <summary>Histories of an ordinary run; ten thousand where PANAL_LONG is set.</summary>
    private static int Histories => LongRun.IsAsked ? 10_000 : 12;

    public void Dispose() => _template.Dispose();

    [Fact]
    public async Task All_members_converge_to_the_same_documents_and_catalogue_and_no_transaction_is_seen_in_part()
    {
        int members = await FoundAsync();
        int first = int.TryParse(Environment.GetEnvironmentVariable("PANAL_SEED"), out int given) ? given : 1;
        int count = Environment.GetEnvironmentVariable("PANAL_SEED") is null ? Histories : 1;
        await Parallel.ForEachAsync(
            Enumerable.Range(first, count),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken },
            async (seed, _) =>
            {
                try
                {
                    await using var history = await History.StartAsync(seed, _template.Path, members);
                    await history.RunAsync();
                }
                catch (Exception fault)
                {
                    throw new InvalidOperationException($"The history of seed {seed} fails; PANAL_SEED={seed} runs it alone.", fault);
                }
            });
    }

    /// <summary>Keys and certificates are made once; each history begins with a copy of the folders.</summary>
    private async Task<int> FoundAsync()
    {
        var time = new SetTime();
        using var centre = SampleMember.Centre(time);
        var members = new List<SampleMember> { centre };
        for (int i = 1; i < 4; i++)
        {
            var member = new SampleMember(time);
            members.Add(member);
            centre.Office.Heard(NodeId.New(), default);
            await member.JoinAsync(centre, $"CLINIC-{i}", TestContext.Current.CancellationToken);
        }

        for (int i = 0; i < members.Count; i++)
        {
            Copy(members[i].PathOf(""), Path.Combine(_template.Path, i.ToString(CultureInfo.InvariantCulture)));
        }

        members.Skip(1).ToList().ForEach(member => member.Dispose());
        return members.Count;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string folder in Directory.EnumerateDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }

    private sealed class History(Random random) : IAsyncDisposable
    {
        private const int Acts = 14;

        private readonly TemporaryFolder _folder = new();
        private readonly List<SimulatedMember> _members = [];
        private readonly HashSet<SimulatedMember> _revoked = [];
        private SimulatedNetwork _network = null!;

        private SimulatedMember Centre => _members[0];

        public static async Task<History> StartAsync(int seed, string template, int members)
        {
            var history = new History(new Random(seed)) { _network = new SimulatedNetwork(seed) };
            var time = new FastTime();
            for (int i = 0; i < members; i++)
            {
                string folder = history._folder.File(i.ToString(CultureInfo.InvariantCulture));
                Copy(Path.Combine(template, i.ToString(CultureInfo.InvariantCulture)), folder);
                history._members.Add(await SimulatedMember.StartAsync(history._network, folder, time));
            }

            return history;
        }

        public async Task RunAsync()
        {
            for (int act = 0; act < Acts; act++)
            {
                await ActAsync(_members[random.Next(_members.Count)]);
                for (int turns = random.Next(1000); turns > 0; turns--)
                {
                    await Task.Yield();
                }

                Check();
            }

            foreach (SimulatedMember member in _members.Skip(1).Where(member => !_revoked.Contains(member)))
            {
                Centre.Office.SetGroupsOf(Name(member), ["clinic"]);
            }

            _network.Heal();
            await UntilConvergedAsync();
            Check();
            SimulatedMember[] standing = [.. _members.Where(member => !_revoked.Contains(member))];
            Assert.All(standing, member => Assert.Empty(member.Node.Contradictions()));
            // The model, which knows nothing of feeds, agrees.
            Assert.Equal(
                standing.SelectMany(member => member.Node.Held.Select(held => $"holder {held.Key} {Convert.ToHexString(member.Node.Id.ToByteArray(bigEndian: true))} {held.Value}")).Order(StringComparer.Ordinal),
                Centre.Node.Dump().Split('\n').Where(line => line.StartsWith("holder", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (SimulatedMember member in _members)
            {
                await member.DisposeAsync();
            }

            _folder.Dispose();
        }

        private async Task ActAsync(SimulatedMember member)
        {
            SimulatedMember other = _members[random.Next(1, _members.Count)];
            switch (random.Next(12))
            {
                case < 5:
                    await StoreAsync(member.Node);
                    break;
                case 5:
                    await DeleteAsync(member.Node);
                    break;
                case 6 or 7 when other != member:
                    _network.Part(member.Id, other.Id, random.Next(3) > 0);
                    break;
                case 8:
                    await member.CrashAsync();
                    break;
                case 9 when !_revoked.Contains(other):
                    Centre.Office.SetGroupsOf(Name(other), random.Next(2) == 0 ? [] : ["clinic", "replica"]);
                    break;
                case 10 when _revoked.Count == 0 && random.Next(2) == 0:
                    _revoked.Add(other);
                    Centre.Office.Revoke(Name(other), "lost");
                    _network.Change();
                    break;
                case 11:
                    _network.Cut(member.Id, other.Id);
                    break;
            }
        }

        private async Task StoreAsync(SimulatedNode node)
        {
            for (int count = random.Next(1, 4); count > 0; count--)
            {
                string study = $"1.{random.Next(1, 5)}", series = $"{study}.{random.Next(1, 3)}", uid = $"{series}.{random.Next(1, 6)}";
                InstanceRecord record = Samples.Of(
                    Samples.DataSet(
                        (Tags.PatientID, "P" + (study[^1] % 2)), (Tags.PatientName, "Doe^Jane"), (Tags.StudyInstanceUID, study), (Tags.SeriesInstanceUID, series),
                        (Tags.SOPInstanceUID, uid), (Tags.SOPClassUID, Uids.CTImageStorage), (Tags.Modality, "CT"), (Tags.InstanceNumber, uid[^1..])),
                    random.Next(12) == 0 ? "other" : "");
                if ((await node.Catalogue.AddAsync(record, CancellationToken.None)).Result == AddResult.Added)
                {
                    node.Held[uid] = Convert.ToHexString(record.Copy.Hash.Span);
                    node.Remember();
                }
            }
        }

        private async Task DeleteAsync(SimulatedNode node)
        {
            string[] uids = [.. node.Held.Keys.Where(_ => random.Next(3) == 0)];
            await node.Catalogue.DeleteAsync(uids, CancellationToken.None);
            Array.ForEach(uids, uid => node.Held.Remove(uid));
            node.Remember();
        }

        /// <summary>What each knows of each other is what that one held after one of its transactions, or it says that it is not complete.</summary>
        private void Check()
        {
            foreach (SimulatedMember subscriber in _members)
            {
                foreach (SimulatedMember publisher in _members.Where(member => member != subscriber))
                {
                    (PublisherState? state, string view) = subscriber.Node.KnownOf(publisher.Node.Id);
                    if (state is { IsComplete: true, Cursor.Filter: 0 } && state.Cursor != FeedCursor.None)
                    {
                        Assert.True(publisher.Node.Past.TryGetValue(state.Cursor.Sequence, out string? past), $"The cursor {state.Cursor.Sequence} stands inside a transaction.");
                        Assert.Equal(past, view);
                    }
                }
            }
        }

        private async Task UntilConvergedAsync()
        {
            using var limit = new CancellationTokenSource(Limit);
            while (true)
            {
                // Asked for before looking, so that nothing is missed.
                Task[] changes = [.. _members.SelectMany(member => (Task[])[member.Node.Catalogue.NextCommitAsync(), member.Membership.NextChangeAsync()])];
                if (Difference() is not { } difference)
                {
                    return;
                }

                try
                {
                    await Task.WhenAny(changes).WaitAsync(limit.Token);
                }
                catch (OperationCanceledException)
                {
                    Assert.Fail("They do not converge: " + difference);
                }
            }
        }

        private string? Difference()
        {
            SimulatedMember[] standing = [.. _members.Where(member => !_revoked.Contains(member))];
            foreach (SimulatedMember member in standing)
            {
                if (member.Membership.Standing!.Versions != Centre.Membership.Standing!.Versions)
                {
                    return $"{Name(member)} has {member.Membership.Standing.Versions}, the centre {Centre.Membership.Standing.Versions}";
                }

                var known = member.Node.Catalogue.Publishers();
                if (known.Count != standing.Length - 1)
                {
                    return $"{Name(member)} knows {known.Count} publishers";
                }

                foreach (PublisherState publisher in known)
                {
                    SimulatedMember of = standing.Single(one => one.Node.Id == publisher.Node);
                    if (!publisher.IsComplete || publisher.LagChanges > 0 || publisher.Cursor.Sequence < of.Node.Catalogue.LastSequence())
                    {
                        return $"{Name(member)} is behind {Name(of)}: {publisher.Cursor.Sequence} of {of.Node.Catalogue.LastSequence()}, complete {publisher.IsComplete}";
                    }
                }

                if (member.Node.Dump() != Centre.Node.Dump())
                {
                    return $"{Name(member)} has another catalogue:\n{member.Node.Dump()}\nthe centre:\n{Centre.Node.Dump()}";
                }
            }

            return null;
        }

        private static string Name(SimulatedMember member) => member.Membership.Standing!.Identity.Name;
    }
}
