using System.Security.Cryptography;
using System.Text;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Federation.Feed;

/// <summary>Random histories of a few nodes: storing, deleting, correcting, cuts at any byte, kills, restored backups, partitions, compaction.</summary>
public sealed class FeedSimulationTests
{
    /// <summary>Histories of an ordinary run; ten thousand where PANAL_LONG is set.</summary>
    private static int Histories => Environment.GetEnvironmentVariable("PANAL_LONG") is "1" ? 10_000 : 200;

    [Fact]
    public async Task All_nodes_converge_to_the_same_catalogue_and_no_transaction_is_seen_in_part()
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("PANAL_SEED"), out int given) ? given : 1;
        int count = Environment.GetEnvironmentVariable("PANAL_SEED") is null ? Histories : 1;
        await Parallel.ForEachAsync(
            Enumerable.Range(first, count),
            new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken },
            async (seed, _) =>
            {
                try
                {
                    await using var history = await History.StartAsync(seed);
                    await history.RunAsync();
                }
                catch (Exception fault)
                {
                    throw new InvalidOperationException($"The history of seed {seed} fails; PANAL_SEED={seed} runs it alone.", fault);
                }
            });
    }

    private sealed class History(Random random) : IAsyncDisposable
    {
        private const int Operations = 30;
        private static readonly string[] Names = ["Doe^Jane", "Doe^Janet", "Roe^Ann"];

        private readonly List<SimulatedNode> _nodes = [];
        private readonly List<SimulatedStream> _streams = [];

        public static async Task<History> StartAsync(int seed)
        {
            var random = new Random(seed);
            var history = new History(random);
            int count = random.Next(2, 5);
            for (int i = 0; i < count; i++)
            {
                var id = new byte[16];
                random.NextBytes(id);
                history._nodes.Add(await SimulatedNode.StartAsync(new Guid(id), random.Next(3)));
            }

            int changes = random.Next(1, 12), instances = random.Next(1, 8);
            foreach (SimulatedNode subscriber in history._nodes)
            {
                foreach (SimulatedNode publisher in history._nodes.Where(node => node != subscriber))
                {
                    await subscriber.Catalogue.SubscribeAsync(publisher.Id, publisher.Authority, CancellationToken.None);
                    history._streams.Add(new SimulatedStream(publisher, subscriber, changes, instances));
                }
            }

            return history;
        }

        public async Task RunAsync()
        {
            for (int i = 0; i < Operations; i++)
            {
                await OperateAsync(_nodes[random.Next(_nodes.Count)]);
                for (int rounds = random.Next(6); rounds > 0; rounds--)
                {
                    await DisturbAsync(_streams[random.Next(_streams.Count)]);
                }
            }

            foreach (SimulatedStream stream in _streams)
            {
                stream.IsPartitioned = false;
            }

            for (int rounds = 0; await AdvanceAllAsync(); rounds++)
            {
                Assert.True(rounds < 10_000, "The feeds never come to rest.");
            }

            string expected = _nodes[0].Dump();
            foreach (SimulatedNode node in _nodes)
            {
                Assert.Empty(node.Contradictions());
                Assert.Equal(expected, node.Dump());
                Assert.All(node.Catalogue.Publishers(), publisher => Assert.True(publisher is { IsComplete: true, LagChanges: 0 }));
            }

            // The model, which knows nothing of feeds, agrees.
            Assert.Equal(
                _nodes.SelectMany(node => node.Held.Select(held => $"holder {held.Key} {Convert.ToHexString(node.Id.ToByteArray(bigEndian: true))} {held.Value}")).Order(StringComparer.Ordinal),
                expected.Split('\n').Where(line => line.StartsWith("holder", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (SimulatedNode node in _nodes)
            {
                await node.DisposeAsync();
            }
        }

        private async Task<bool> AdvanceAllAsync()
        {
            bool isMoving = false;
            foreach (SimulatedStream stream in _streams)
            {
                isMoving |= await stream.AdvanceAsync(int.MaxValue / 2);
            }

            return isMoving;
        }

        private async Task OperateAsync(SimulatedNode node)
        {
            switch (random.Next(12))
            {
                case < 6:
                    await StoreAsync(node);
                    break;
                case < 8:
                    await DeleteAsync(node);
                    break;
                case < 10:
                    await CorrectAsync(node);
                    break;
                case 10:
                    await node.Catalogue.CompactChangesAsync(random.Next(4), DateTimeOffset.MaxValue, CancellationToken.None);
                    break;
                default:
                    await BreakAsync(node);
                    break;
            }
        }

        private async Task DisturbAsync(SimulatedStream stream)
        {
            switch (random.Next(10))
            {
                case 0:
                    stream.Cut();
                    break;
                case 1:
                    stream.IsPartitioned = !stream.IsPartitioned;
                    stream.Cut();
                    break;
                default:
                    await stream.AdvanceAsync(random.Next(4) == 0 ? random.Next(1, 40) : random.Next(1, 4000));
                    break;
            }
        }

        private async Task StoreAsync(SimulatedNode node)
        {
            for (int count = random.Next(1, 5); count > 0; count--)
            {
                string study = $"1.{random.Next(1, 5)}", series = $"{study}.{random.Next(1, 3)}", uid = $"{series}.{random.Next(1, 5)}";
                // Seldom other content under the same UID, another name, or another patient for a study.
                int variant = random.Next(10) == 0 ? 1 : 0;
                string patient = random.Next(12) == 0 ? "P9" : "P" + (study[^1] % 2);
                DataSet attributes = Samples.DataSet(
                    (Tags.PatientID, patient), (Tags.PatientName, Names[random.Next(8) == 0 ? 1 : 0]), (Tags.StudyInstanceUID, study),
                    (Tags.SeriesInstanceUID, series), (Tags.SOPInstanceUID, uid), (Tags.SOPClassUID, Uids.CTImageStorage), (Tags.Modality, "CT"),
                    (Tags.SeriesDescription, random.Next(8) == 0 ? "other" : "axial"), (Tags.InstanceNumber, uid[^1] + (variant == 0 ? "" : "0")));
                InstanceRecord record = Samples.Of(attributes, variant == 0 ? "" : "other");
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
            foreach (string uid in uids)
            {
                node.Held.Remove(uid);
            }

            node.Remember();
        }

        private async Task CorrectAsync(SimulatedNode node)
        {
            string study = $"1.{random.Next(1, 5)}";
            DataSet corrections = random.Next(3) switch
            {
                0 => Samples.DataSet((Tags.PatientName, Names[random.Next(3)])),
                1 => Samples.DataSet((Tags.StudyDescription, "corrected " + random.Next(3))),
                _ => Samples.DataSet((Tags.PatientID, "P" + random.Next(3))),
            };
            bool isHeld = node.Held.Keys.Any(uid => uid.StartsWith(study + ".", StringComparison.Ordinal));
            Assert.Equal(isHeld, (await node.Catalogue.CorrectAsync(study, corrections, "NODE", isDryRun: false, CancellationToken.None)).Result is not CorrectionResult.NotHeld);
            node.Remember();
        }

        private async Task BreakAsync(SimulatedNode node)
        {
            foreach (SimulatedStream stream in _streams.Where(stream => stream.Publisher == node || stream.Subscriber == node))
            {
                stream.Cut();
            }

            switch (random.Next(4))
            {
                case 0:
                    node.BackUp();
                    break;
                case 1 when node.Backup is not null:
                    await node.RestoreAsync();
                    break;
                default:
                    await node.KillAsync();
                    break;
            }
        }
    }
}
