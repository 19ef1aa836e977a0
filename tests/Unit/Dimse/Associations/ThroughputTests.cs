using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Dimse;

namespace Panal.Unit.Dimse.Associations;

[Collection(MeasuredAlone.Name)]
public sealed class ThroughputTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(16384)]
    [InlineData(131072)]
    public async Task C_STORE_is_received_at_more_than_2_GB_per_second_and_core(int pduBytes)
    {
        const int DataSetBytes = 530_000;
        var messages = LongRun.IsAsked ? 20_000 : 2_000;
        for (var round = 0; round < 3; round++)
        {
            var peer = new EndlessPeer(messages, DataSetBytes, pduBytes, 256 << 10);
            var service = new SinkService();
            var started = Stopwatch.GetTimestamp();
            var cpu = Environment.CpuUsage.TotalTime;
            await RunAsync(peer, service);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            var gigabytes = service.Bytes / 1e9;
            Assert.Equal(messages * (long)DataSetBytes, service.Bytes);
            output.WriteLine($"{pduBytes}: {gigabytes / seconds:F2} GB/s, {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds / gigabytes:F3} CPU-s per GB, {seconds / messages * 1e6:F1} us a message");
            if (round == 2 && LongRun.IsAsked)
            {
                Assert.True(gigabytes / seconds > 2);
            }
        }
    }

    /// <summary>The writer copies into the pipe's segments on the same two cores: a bound for what a transport can give.</summary>
    [Theory]
    [InlineData(530_000, 16384, 4096)]
    [InlineData(530_000, 16384, 131072)]
    [InlineData(530_000, 131072, 131072)]
    [InlineData(1_300, 16384, 4096)]
    public async Task C_STORE_through_a_pipe_in_memory(int dataSetBytes, int pduBytes, int segmentBytes)
    {
        var messages = (LongRun.IsAsked ? 2_000_000_000 : 200_000_000) / Math.Max(dataSetBytes, 20_000);
        var service = new SinkService();
        await using var peer = await ScriptedPeer.OpenAsync(
            service, new AssociationOptions(), new PipeOptions(minimumSegmentSize: segmentBytes, pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19));
        var message = Peers.Store(3, 1, dataSetBytes, pduBytes);
        var started = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < messages; sent++)
        {
            await peer.SendAsync(message);
            await peer.ReadCommandAsync();
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        output.WriteLine($"{dataSetBytes} in PDUs of {pduBytes}, segments of {segmentBytes}: {service.Bytes / seconds / 1e9:F2} GB/s, {messages / seconds:F0} messages/s");
        Assert.Equal(messages * (long)dataSetBytes, service.Bytes);
    }

    [Theory]
    [InlineData(16384)]
    [InlineData(65536)]
    [InlineData(131072)]
    [InlineData(262144)]
    [InlineData(1048576)]
    public async Task C_STORE_is_sent_from_a_stream_through_a_pipe_in_memory(int pduBytes)
    {
        var messages = LongRun.IsAsked ? 4_000 : 200;
        var service = new SinkService();
        var options = new AssociationOptions { SendPduLengthBytes = pduBytes };
        await using var pair = await AssociationPair.OpenAsync(
            service, options, options, requestorService: null, new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19));
        using var content = new MemoryStream(new byte[530_000]);
        var allocated = 0L;
        var started = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < messages; sent++)
        {
            allocated = sent == messages / 2 ? GC.GetTotalAllocatedBytes() : allocated;
            content.Position = 0;
            var command = DimseCommand.Store(pair.Requestor.Contexts[1], "1.2.840.10008.5.1.4.1.1.2", "1.2.3", DimsePriority.Medium);
            Assert.Equal(DimseStatus.Success, (await pair.Requestor.RequestAsync(command, content, CancellationToken.None)).Status);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var each = (GC.GetTotalAllocatedBytes() - allocated) / (messages / 2);
        output.WriteLine($"PDUs of {pduBytes}: {service.Bytes / seconds / 1e9:F2} GB/s, {messages / seconds:F0} messages/s, {each} bytes allocated a message on both sides");

        // In a short run the pool's own arrays, up to 2 MiB each, still weigh.
        Assert.True(!LongRun.IsAsked || each < 32 << 10, $"{each} bytes");
    }

    internal static Task RunAsync(IDuplexPipe pipe, IDimseService service) => AssociationAcceptor.RunAsync(
        pipe, new Peer(null, null), new AssociationOptions(), new AcceptAll(), service, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
}

/// <summary>Reads every data set to its end, touches each byte of it no further, and answers success.</summary>
internal sealed class SinkService : IDimseService
{
    public long Bytes { get; private set; }

    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        while (true)
        {
            var result = await request.DataSet.ReadAsync(ct);
            Bytes += result.Buffer.Length;
            request.DataSet.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }

        await request.RespondAsync(DimseStatus.Success, ct);
    }
}
