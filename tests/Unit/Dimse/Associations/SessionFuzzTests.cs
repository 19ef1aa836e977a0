using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Dicom;
using Panal.Dimse;

namespace Panal.Unit.Dimse.Associations;

/// <summary>A whole session, broken in every place: the acceptor always comes to its end and never throws.</summary>
public sealed class SessionFuzzTests
{
    private static readonly AssociationOptions Options = new() { ArtimTimeout = TimeSpan.FromSeconds(5), PduTimeout = TimeSpan.FromSeconds(5) };

    [Fact]
    public async Task Truncation_at_each_byte_ends_the_association()
    {
        var session = Session();
        for (var length = 0; length <= session.Length; length++)
        {
            await RunAsync(session[..length]);
        }
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public async Task Each_flipped_byte_ends_the_association(byte mask)
    {
        var session = Session();
        for (var index = 0; index < session.Length; index++)
        {
            var copy = session.ToArray();
            copy[index] ^= mask;
            await RunAsync(copy);
        }
    }

    [Fact]
    public async Task Random_changes_end_the_association()
    {
        var random = new Random(20260202);
        var session = Session();
        var rounds = LongRun.IsAsked ? 100_000 : 2_000;
        for (var round = 0; round < rounds; round++)
        {
            var copy = session.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                copy[random.Next(copy.Length)] = (byte)random.Next(256);
            }

            await RunAsync(copy);
        }
    }

    private static byte[] Session() =>
    [
        .. Vectors.Read("upper-layer-pdus.txt", "associate-request"),
        .. Peers.Command(1, Peers.Request(CommandField.CEcho, 1, Uids.Verification, hasDataSet: false)),
        .. Peers.Command(1, Peers.Request(CommandField.CFind, 2, Uids.Verification, hasDataSet: true)),
        .. Peers.Data(1, isCommand: false, Peers.Encode(Peers.Cancel(1)), 40),
        .. Peers.Command(1, Peers.Cancel(2)),
        .. Peers.ReleaseRequest(),
    ];

    private static async Task RunAsync(byte[] bytes)
    {
        var pipes = DuplexPipes.Create(new PipeOptions(pauseWriterThreshold: 0));
        await pipes.Local.Output.WriteAsync(bytes);
        await pipes.Local.Output.CompleteAsync();
        var service = new Service(async (request, ct) =>
        {
            if (request.HasDataSet)
            {
                await request.ReadIdentifierAsync(ct);
                await request.RespondAsync(DimseStatus.Pending, request.Command, null, ct);
            }

            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await AssociationAcceptor.RunAsync(
            pipes.Remote, new Peer(null, null), Options, new AcceptAll(), service, TimeProvider.System, NullLogger.Instance, CancellationToken.None)
            .WaitAsync(ScriptedPeer.Patience);
    }
}
