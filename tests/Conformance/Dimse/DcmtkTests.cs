using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Conformance.WireClient;
using Panal.Conformance.Witnesses;
using Panal.Dicom;
using Panal.Dimse;

namespace Panal.Conformance.Dimse;

/// <summary>DCMTK's clients against our acceptor, our requestor against DCMTK's storescp, over plain TCP.</summary>
public sealed class DcmtkTests
{
    private const string Slice =
        "dicom/transfer_syntax/ct_same_image_16_syntaxes/cornerstone3D/CTImage.dcm_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm";

    private static readonly string Corpus = Path.Combine(SharedRoot(), "corpus");

    [Fact]
    public async Task Echoscu_is_answered()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var server = new Server();
        Assert.Equal(0, await RunAsync("echoscu", ["-v", "127.0.0.1", server.Port], ct));
        Assert.Equal(CommandField.CEcho, Assert.Single(server.Requests).Field);
    }

    [Theory]
    [InlineData("16384")]
    [InlineData("131072")]
    public async Task Storescu_stores_a_slice_and_the_data_set_arrives_whole(string maximumPdu)
    {
        var ct = TestContext.Current.CancellationToken;
        var file = FindSlice();
        await using var server = new Server();
        Assert.Equal(0, await RunAsync("storescu", ["-v", "--max-send-pdu", maximumPdu, "127.0.0.1", server.Port, file, file], ct));
        Assert.Equal(2, server.Requests.Count);
        foreach (var request in server.Requests)
        {
            Assert.Equal(CommandField.CStore, request.Field);
            Assert.Equal(request.SopInstanceUid, request.DataSet!.GetString(Tags.SOPInstanceUID));
            Assert.Equal(512 * 512 * 2, request.PixelBytes);
        }
    }

    [Fact]
    public async Task Our_requestor_stores_a_slice_with_storescp_bit_by_bit()
    {
        var ct = TestContext.Current.CancellationToken;
        var file = FindSlice();
        SkipWithout("storescp");
        var directory = Directory.CreateTempSubdirectory("panal-dimse-");
        var port = LoopbackPort.Free().ToString();
        using var storescp = Start("storescp", ["+B", "-od", directory.FullName, "--max-pdu", "131072", port]);
        try
        {
            var bytes = await File.ReadAllBytesAsync(file, ct);
            Assert.True(FileMeta.TryReadHeader(new(bytes), isFinal: true, out var meta, out _));
            await using (var association = await ConnectAsync(port, meta!.MediaStorageSopClassUid!, meta.TransferSyntax.Uid, ct))
            {
                Assert.Equal(DimseStatus.Success, (await association.RequestAsync(DimseCommand.Echo(association.Contexts[0]), ct)).Status);
                for (var round = 0; round < 3; round++)
                {
                    using var dataSet = new MemoryStream(bytes, (int)meta.DataSetOffsetBytes, bytes.Length - (int)meta.DataSetOffsetBytes);
                    var command = DimseCommand.Store(
                        association.Contexts[1], meta.MediaStorageSopClassUid!, meta.MediaStorageSopInstanceUid!, DimsePriority.Medium);
                    Assert.Equal(DimseStatus.Success, (await association.RequestAsync(command, dataSet, ct)).Status);
                }
            }

            var stored = await File.ReadAllBytesAsync(Assert.Single(directory.GetFiles()).FullName, ct);
            Assert.True(FileMeta.TryReadHeader(new(stored), isFinal: true, out var storedMeta, out _));
            Assert.True(bytes.AsSpan((int)meta.DataSetOffsetBytes).SequenceEqual(stored.AsSpan((int)storedMeta!.DataSetOffsetBytes)));
        }
        finally
        {
            storescp.Kill();
            await storescp.WaitForExitAsync(CancellationToken.None);
            directory.Delete(recursive: true);
        }
    }

    // "../shared" beside the repository.
    private static string SharedRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Panal.slnx")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(directory?.Parent?.FullName ?? "/", "shared");
    }

    private static string FindSlice()
    {
        var file = Path.Combine(Corpus, Slice);
        if (!File.Exists(file))
        {
            Assert.Skip("The shared corpus is not here.");
        }

        return file;
    }

    private static async Task<Association> ConnectAsync(string port, string sopClass, string transferSyntax, CancellationToken ct)
    {
        await LoopbackPort.WaitUntilOpenAsync(int.Parse(port), ct);
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, int.Parse(port), ct);

        var parameters = new AssociationParameters(
            "PANAL", "STORESCP", [new(1, Uids.Verification, [Uids.ImplicitVRLittleEndian]), new(3, sopClass, [transferSyntax])]);
        return await AssociationRequestor.ConnectAsync(
            new SocketPipe(client.GetStream()), new Peer(client.Client.RemoteEndPoint, null), parameters, new AssociationOptions(), null,
            TimeProvider.System, NullLogger.Instance, ct);
    }

    private static void SkipWithout(string program)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(path => File.Exists(Path.Combine(path, program))))
        {
            Assert.Skip($"{program} of DCMTK is not installed.");
        }
    }

    private static Process Start(string program, string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static async Task<int> RunAsync(string program, string[] arguments, CancellationToken ct)
    {
        SkipWithout(program);
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct).WaitAsync(TimeSpan.FromSeconds(30), ct);
        TestContext.Current.TestOutputHelper?.WriteLine(await output + await errors);
        return process.ExitCode;
    }

    private sealed record Seen(CommandField Field, string? SopInstanceUid, DataSet? DataSet, int PixelBytes);

    private sealed record SocketPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe
    {
        public SocketPipe(NetworkStream stream)
            : this(PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 256 << 10)), PipeWriter.Create(stream))
        {
        }
    }

    private sealed class Server : IDimseService, IAssociationPolicy, IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stop = new();
        private readonly Task run;

        public Server()
        {
            listener.Start();
            run = AcceptAsync();
        }

        public ConcurrentQueue<Seen> Requests { get; } = new();

        public string Port => ((IPEndPoint)listener.LocalEndpoint).Port.ToString();

        public ValueTask<AssociationDecision> DecideAsync(AssociationRequest request, CancellationToken ct) =>
            new(new AssociationDecision.Accept(
                ContextNegotiation.Answer(request.Contexts, _ => new TransferSyntaxPreference([Uids.ExplicitVRLittleEndian], AcceptsOthers: true))));

        public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
        {
            var dataSet = request.HasDataSet ? await request.ReadIdentifierAsync(ct) : null;
            var pixels = dataSet is not null && dataSet.TryGet(Tags.PixelData, out var element) ? element.Value.Length : 0;
            Requests.Enqueue(new Seen(request.CommandField, request.SopInstanceUid, dataSet, pixels));
            await request.RespondAsync(DimseStatus.Success, ct);
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await run;
            listener.Dispose();
            stop.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync(stop.Token);
                    client.NoDelay = true;
                    await AssociationAcceptor.RunAsync(
                        new SocketPipe(client.GetStream()), new Peer(client.Client.RemoteEndPoint, null), new AssociationOptions(), this, this,
                        TimeProvider.System, NullLogger.Instance, stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
