using System.Buffers;
using System.IO.Pipelines;
using Panal.Dimse;
using Panal.Unit.Dimse.Associations;

namespace Panal.Unit.Dimse.Messages;

public sealed class PdvReaderTests
{
    private static readonly AssociationOptions Options = new();

    /// <summary>However the peer cuts fragments, PDUs and packets, and however the consumer advances, the bytes are the same.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Any_cutting_and_any_advancing_gives_the_same_bytes(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var content = new byte[random.Next(0, 3000)];
            random.NextBytes(content);
            var received = new MemoryStream();
            var consumer = new Random(seed + round);
            var done = new TaskCompletionSource();
            var service = new Service(async (request, ct) =>
            {
                await ConsumeAsync(request.DataSet, received, consumer, ct);
                await request.RespondAsync(DimseStatus.Success, ct);
                done.SetResult();
            });
            await using var peer = await ScriptedPeer.OpenAsync(service, Options, new PipeOptions(minimumSegmentSize: random.Next(1, 300)));
            await SendInPacketsAsync(peer, [.. Peers.Command(3, Peers.StoreCommand(1)), .. Cut(content, random)], random);
            await peer.ReadCommandAsync().WaitAsync(ScriptedPeer.Patience, TestContext.Current.CancellationToken);
            await done.Task;
            Assert.True(received.ToArray().AsSpan().SequenceEqual(content), $"seed {seed} round {round}");
            await peer.SendAsync(Peers.ReleaseRequest());
            Assert.Equal(6, (await peer.ReadAsync()).Type);
        }
    }

    [Fact]
    public async Task A_reader_can_be_cancelled_and_read_on()
    {
        var waiting = new TaskCompletionSource();
        var service = new Service(async (request, ct) =>
        {
            using var patience = new CancellationTokenSource();
            var read = request.DataSet.ReadAsync(patience.Token).AsTask();
            await patience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
            var second = request.DataSet.ReadAsync(ct).AsTask();
            request.DataSet.CancelPendingRead();
            Assert.True((await second).IsCanceled);
            waiting.SetResult();
            Assert.Equal(100, (await AssociationTests.ReadAllAsync(request.DataSet, ct)).Length);
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var peer = await ScriptedPeer.OpenAsync(service, Options);
        await peer.SendAsync(Peers.Command(3, Peers.StoreCommand(1)));
        await waiting.Task.WaitAsync(ScriptedPeer.Patience, TestContext.Current.CancellationToken);
        await peer.SendAsync(Peers.Data(3, false, new byte[100], 16384));
        Assert.Equal((ushort)0, (await peer.ReadCommandAsync()).GetUInt16(Panal.Dicom.Tags.Status)!.Value);
    }

    [Fact]
    public async Task What_the_service_leaves_is_thrown_away_and_the_next_message_read()
    {
        var service = new Service(async (request, ct) =>
        {
            var result = await request.DataSet.ReadAsync(ct);
            request.DataSet.AdvanceTo(result.Buffer.GetPosition(Math.Min(3, result.Buffer.Length)));
            await request.RespondAsync(0xA700, ct);
        });
        await using var peer = await ScriptedPeer.OpenAsync(service, Options);
        for (ushort id = 1; id < 20; id++)
        {
            await peer.SendAsync(Peers.Store(3, id, 50_000, 4096));
            Assert.Equal((ushort)0xA700, (await peer.ReadCommandAsync()).GetUInt16(Panal.Dicom.Tags.Status)!.Value);
        }
    }

    [Fact]
    public async Task Several_messages_in_one_PDU_are_read_one_after_the_other()
    {
        await using var peer = await ScriptedPeer.OpenAsync(new SinkService(), Options);
        var store = Peers.Encode(Peers.StoreCommand(1));
        var other = Peers.Encode(Peers.StoreCommand(2));
        await peer.SendAsync(Peers.Pdu(
            Peers.Pdv(3, true, true, store),
            Peers.Pdv(3, false, false, new byte[10]),
            Peers.Pdv(3, false, true, []),
            Peers.Pdv(3, true, false, other.AsSpan(0, 20)),
            Peers.Pdv(3, true, true, other.AsSpan(20)),
            Peers.Pdv(3, false, true, new byte[10])));
        await peer.ReadCommandAsync();
        await peer.ReadCommandAsync();
    }

    private static async Task ConsumeAsync(PipeReader reader, MemoryStream received, Random random, CancellationToken ct)
    {
        while (true)
        {
            var result = await reader.ReadAsync(ct);
            var buffer = result.Buffer;
            var take = random.Next(3) == 0 ? buffer.Length : random.NextInt64(buffer.Length + 1);
            foreach (var part in buffer.Slice(0, take))
            {
                received.Write(part.Span);
            }

            if (result.IsCompleted && take == buffer.Length)
            {
                reader.AdvanceTo(buffer.End);
                return;
            }

            var examined = random.Next(2) == 0 || take == 0 ? buffer.End : buffer.GetPosition(random.NextInt64(take, buffer.Length + 1));
            reader.AdvanceTo(buffer.GetPosition(take), examined);
        }
    }

    private static byte[] Cut(ReadOnlySpan<byte> content, Random random)
    {
        var bytes = new List<byte>();
        var isLast = false;
        while (!isLast)
        {
            var pdvs = new List<byte[]>();
            for (var count = random.Next(1, 4); count > 0 && !isLast; count--)
            {
                var length = Math.Min(random.Next(0, 400), content.Length);
                isLast = length == content.Length && random.Next(2) == 0;
                pdvs.Add(Peers.Pdv(3, isCommand: false, isLast, content[..length]));
                content = content[length..];
            }

            bytes.AddRange(Peers.Pdu([.. pdvs]));
        }

        return [.. bytes];
    }

    private static async Task SendInPacketsAsync(ScriptedPeer peer, byte[] bytes, Random random)
    {
        for (var offset = 0; offset < bytes.Length;)
        {
            var length = Math.Min(random.Next(1, 500), bytes.Length - offset);
            await peer.SendAsync(bytes[offset..(offset + length)]);
            offset += length;
        }
    }
}
