using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.ServiceClasses;

/// <summary>Bad network input against the real process while another client is served.</summary>
public sealed class HostileNetworkTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly List<TcpClient> clients = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_HTTP_client_on_the_DICOM_port_is_refused()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        NetworkStream stream = await ConnectAsync(node);
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8\r\n\r\n"u8.ToArray(), Ct);
        await AssertEndsAsync(stream);
        await AssertServesAsync(node);
    }

    [Fact]
    public async Task A_TLS_client_on_the_plain_port_is_refused()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        NetworkStream stream = await ConnectAsync(node);
        await stream.WriteAsync(Convert.FromHexString("16030100c8010000c40303" + new string('0', 380)), Ct);
        await AssertEndsAsync(stream);
        await AssertServesAsync(node);
    }

    [Theory]
    [InlineData("01", 0xFFFFFFFFu)]
    [InlineData("04", 0xFFFFFFFFu)]
    [InlineData("04", 0u)]
    [InlineData("01", 0u)]
    [InlineData("09", 16u)]
    [InlineData("FF", 0xFFFFFFFFu)]
    public async Task A_PDU_that_cannot_be_is_answered_with_the_end(string type, uint length)
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        NetworkStream stream = await ConnectAsync(node);
        byte[] header = new byte[6];
        header[0] = Convert.FromHexString(type)[0];
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(2), length);
        await stream.WriteAsync(header, Ct);
        await stream.WriteAsync(new byte[64 * 1024], Ct);
        await AssertEndsAsync(stream);
        await AssertServesAsync(node);
        AssertMemory(node, limitMegabytes: 400);
    }

    [Fact]
    public async Task Slow_clients_hold_nobody_up()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        for (int i = 0; i < 50; i++)
        {
            NetworkStream stream = await ConnectAsync(node);
            await stream.WriteAsync(new byte[] { 1 }, Ct);
        }

        await AssertServesAsync(node);
    }

    [Fact]
    public async Task A_flood_of_5000_connections_ends_and_others_are_served_again()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        int refused = 0;
        for (int i = 0; i < 5000; i++)
        {
            try
            {
                await ConnectAsync(node);
            }
            catch (SocketException)
            {
                refused++;
            }
        }

        // Every place that one address may take is taken; nothing was stored up for the others.
        Assert.False(node.Program.HasExited, node.Program.Output);
        AssertMemory(node, limitMegabytes: 600);
        CloseClients();
        await AssertServesAsync(node);
        Assert.True(refused <= 5000);
    }

    [Fact]
    public async Task A_peer_that_vanishes_within_a_data_set_leaves_nothing_behind()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        CorpusFile file = (await Corpus.FamilyAsync("ct_series", 1, Ct))[0];
        await ForeignProgram.RunAsync("storescu", ["-R", "--abort", .. node.DcmtkAddress("STORESCU"), file.Path], Ct);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.DicomPort, Ct);
        client.LingerState = new LingerOption(true, 0);
        await client.GetStream().WriteAsync(new byte[] { 1, 0, 0, 0, 1, 0, 0, 1 }, Ct);
        client.Close();
        await AssertServesAsync(node);
    }

    public ValueTask DisposeAsync()
    {
        CloseClients();
        return ValueTask.CompletedTask;
    }

    private void CloseClients()
    {
        clients.ForEach(client => client.Dispose());
        clients.Clear();
    }

    private async Task<NetworkStream> ConnectAsync(PanalNode node)
    {
        var client = new TcpClient();
        clients.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, node.DicomPort, Ct);
        return client.GetStream();
    }

    private static async Task AssertServesAsync(PanalNode node)
    {
        CorpusFile file = (await Corpus.FamilyAsync("ct_series", 2, Ct))[1];
        (await ForeignProgram.RunAsync("echoscu", node.DcmtkAddress("ECHOSCU"), Ct)).Succeeded();
        (await ForeignProgram.RunAsync("dcmsend", ["-dn", "-nuc", .. node.DcmtkAddress("DCMSEND"), file.Path], Ct)).Succeeded();
    }

    /// <summary>The node says A-ABORT (PS3.8 §9.3.8) or closes; after an A-ABORT it is the caller's turn to close (PS3.8 §9.2, Sta13).</summary>
    private static async Task AssertEndsAsync(NetworkStream stream)
    {
        const byte Abort = 7;
        byte[] answer = new byte[10];
        try
        {
            int read = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, Ct).AsTask().WaitAsync(Patience, Ct);
            Assert.True(read == 0 || (read == answer.Length && answer[0] == Abort), $"{read} bytes: {Convert.ToHexString(answer)}");
        }
        catch (IOException)
        {
            // A reset says the same as a close.
        }
    }

    private static void AssertMemory(PanalNode node, int limitMegabytes)
    {
        string status = File.ReadAllText($"/proc/{node.Program.ProcessId}/status");
        int kilobytes = int.Parse(status.Split('\n').First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        Assert.InRange(kilobytes / 1024, 0, limitMegabytes);
    }
}
