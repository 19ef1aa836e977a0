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
        var isLong = Environment.GetEnvironmentVariable("PANAL_LONG") == "1";
        var messages = isLong ? 20_000 : 2_000;
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
            if (round == 2 && isLong)
            {
                Assert.True(gigabytes / seconds > 2);
            }
        }
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
