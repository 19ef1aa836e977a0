using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text.Json;
using Panal.Conformance.WireClient;
using Panal.Node;
using Panal.Node.Commands;
using Panal.Node.Hosting;
using Panal.Node.Options;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Hosting;

public sealed class NodeHostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int[] _ports = [LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free()];

    private int Dicom => _ports[0];

    private int Tls => _ports[1];

    private int Http => _ports[2];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_node_opens_its_doors_and_says_who_may_call()
    {
        await using var node = await StartAsync();
        var doors = node.Doors().ToArray();
        Assert.Equal(["DICOM", "DICOM over TLS", "HTTP"], doors.Select(d => d.Protocol));
        Assert.Equal($"127.0.0.1:{Dicom}", doors[0].Address);
        Assert.All(doors[..2], d => Assert.Equal("PANAL", d.AETitle));
        Assert.Contains("this machine", doors[0].WhoMayCall, StringComparison.Ordinal);
        Assert.Contains("self-signed", doors[1].WhoMayCall, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Success, await EchoAsync("PANAL"));
        Assert.NotEqual(ExitCode.Success, await EchoAsync("OTHER"));
        await node.StopAsync();
    }

    [Fact]
    public async Task Health_and_metrics_are_answered_to_this_machine()
    {
        await using var node = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Http}") };
        using var answer = await client.GetAsync(new Uri("/health", UriKind.Relative));
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal((HttpStatusCode.OK, "ok"), (answer.StatusCode, json.RootElement.GetProperty("status").GetString()));
        Assert.Equal(0, json.RootElement.GetProperty("reasons").GetArrayLength());
        Assert.Contains("panal_dicom_connections 0", await client.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
        using var nothing = await client.GetAsync(new Uri("/other", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
        await node.StopAsync();
    }

    [Fact]
    public async Task An_HTTP_client_on_the_DICOM_door_is_cut_off_while_others_are_served()
    {
        // After an abort the caller has the ARTIM time to close; an HTTP client never does.
        await using var node = await StartAsync(("NetworkAE:ArtimTimeout", "00:00:01"));
        using var client = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri($"http://127.0.0.1:{Dicom}/")));
        Assert.Equal(ExitCode.Success, await EchoAsync("PANAL"));
        await node.StopAsync();
    }

    [Fact]
    public async Task Strangers_on_the_TLS_door_and_starts_and_stops_are_in_the_audit_trail()
    {
        await using (var node = await StartAsync())
        {
            using var plain = new TcpClient();
            await plain.ConnectAsync(IPAddress.Loopback, Tls);
            await plain.GetStream().WriteAsync(new byte[] { 1, 0, 0, 0, 0, 68, 0, 1, 0, 0 });
            try
            {
                Assert.Equal(0, await plain.GetStream().ReadAsync(new byte[1]));
            }
            catch (IOException)
            {
                // Reset instead of closed, because we sent more than was read.
            }

            await node.StopAsync();
        }

        var trail = File.ReadAllText(Assert.Single(Directory.GetFiles(_folder.File("data/audit"))));
        Assert.Equal(["110120", "110126", "110121"], new[] { "110120", "110126", "110121" }.Where(trail.Contains).OrderBy(c => trail.IndexOf(c, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_door_that_is_switched_off_is_shown_as_off()
    {
        await using var node = await StartAsync(("NetworkConnection:DicomTlsPort", "0"), ("NetworkConnection:HttpPort", "0"));
        Assert.Equal([$"127.0.0.1:{Dicom}", Door.Off, Door.Off], node.Doors().Select(d => d.Address));
        Assert.False(Directory.Exists(_folder.File("data/tls")));
        await node.StopAsync();
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_the_start_with_a_clear_message_and_leaves_the_data_free()
    {
        using (var taken = new TcpListener(IPAddress.Loopback, Dicom))
        {
            taken.Start();
            var error = await Assert.ThrowsAsync<CommandException>(() => StartAsync());
            Assert.Equal(ExitCode.Door, error.ExitCode);
            Assert.Contains($"DICOM 127.0.0.1:{Dicom}", error.Message, StringComparison.Ordinal);
        }

        await using var node = await StartAsync();
        await node.StopAsync();
    }

    [Fact]
    public async Task A_wrong_registry_ends_the_start_with_all_its_errors()
    {
        Directory.CreateDirectory(_folder.File("data"));
        File.WriteAllText(_folder.File("data/aes.json"), """{ "NetworkAE": [ { "AETitle": "" } ] }""");
        var error = await Assert.ThrowsAsync<CommandException>(() => StartAsync());
        Assert.Equal(ExitCode.Configuration, error.ExitCode);
        Assert.Equal(2, error.Message.Split(Environment.NewLine).Length);
    }

    private async Task<NodeHost> StartAsync(params (string Setting, string Value)[] more)
    {
        var settings = new Dictionary<string, string?>
        {
            ["NetworkConnection:Bind"] = "127.0.0.1",
            ["NetworkConnection:DicomPort"] = Dicom.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["NetworkConnection:DicomTlsPort"] = Tls.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["NetworkConnection:HttpPort"] = Http.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        foreach (var (setting, value) in more)
        {
            settings[setting] = value;
        }

        var configuration = NodeConfiguration.Load(_folder.File("data"), settings);
        Assert.Empty(configuration.Validate());
        return await NodeHost.StartAsync(configuration, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    private async Task<ExitCode> EchoAsync(string called)
    {
        var port = Dicom.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return (ExitCode)await Program.RunAsync(["echo", "127.0.0.1", port, "--called", called], TextWriter.Null, TextWriter.Null);
    }
}
