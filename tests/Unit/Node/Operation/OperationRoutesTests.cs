using System.Globalization;
using System.Net;
using System.Net.Http;
using Panal.Conformance.WireClient;
using Panal.Security.Access;
using Panal.Unit.Node.Web;

namespace Panal.Unit.Node.Operation;

/// <summary>What the people who run a node see of it over HTTP; that strangers see nothing, WebGateTests show.</summary>
public sealed class OperationRoutesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_state_of_a_node_its_history_and_its_configuration_are_told_to_who_runs_it()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        var (status, state) = await ana.SendAsync(HttpMethod.Get, "/api/operation");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((0, 0, 0), (state.GetProperty("studies").GetInt32(), state.GetProperty("failedJobs").GetInt32(), state.GetProperty("problems").GetArrayLength()));
        var volume = Assert.Single(state.GetProperty("volumes").EnumerateArray());
        Assert.Equal("Writable", volume.GetProperty("state").GetString());
        Assert.True(volume.GetProperty("freeBytes").GetInt64() > 0);

        var (_, history) = await ana.SendAsync(HttpMethod.Get, "/api/operation/history");
        Assert.Equal(10, history.GetProperty("intervalSeconds").GetDouble());
        Assert.True(history.GetProperty("series").TryGetProperty("ingestInstances", out _));

        var (_, configuration) = await ana.SendAsync(HttpMethod.Get, "/api/configuration");
        var port = configuration.EnumerateArray().Single(setting => setting.GetProperty("name").GetString() == "NetworkConnection:HttpPort");
        Assert.Equal((node.Address.Port.ToString(CultureInfo.InvariantCulture), "command line"), (port.GetProperty("value").GetString(), port.GetProperty("source").GetString()));

        foreach (var path in (string[])["/api/jobs", "/api/conflicts"])
        {
            var (answered, list) = await ana.SendAsync(HttpMethod.Get, path);
            Assert.Equal((HttpStatusCode.OK, 0), (answered, list.GetArrayLength()));
        }

        foreach (var path in (string[])["/api/jobs/7/retry", "/api/jobs/x/retry", "/api/conflicts/7/resolve", "/api/aes/NOBODY/echo"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await ana.SendAsync(HttpMethod.Post, path)).Status);
        }
    }

    [Fact]
    public async Task An_application_entity_is_asked_whether_it_answers()
    {
        var port = LoopbackPort.Free();
        await using var node = await WebNode.StartAsync(("NetworkConnection:DicomPort", port.ToString(CultureInfo.InvariantCulture)));
        using var ana = await node.SetUpAsync();
        var registry = new AeRegistry(node.DataFolder, TimeProvider.System);
        await registry.AddAsync(new ApplicationEntity { AETitle = "PANAL", Description = "Itself", NetworkConnection = new NetworkConnection { Hostname = "127.0.0.1", Port = port } }, Ct);
        await registry.AddAsync(new ApplicationEntity { AETitle = "AWAY", NetworkConnection = new NetworkConnection { Hostname = "127.0.0.1", Port = LoopbackPort.Free() } }, Ct);
        await registry.AddAsync(new ApplicationEntity { AETitle = "CALLER", NetworkConnection = new NetworkConnection { Hostname = "127.0.0.0/8" } }, Ct);

        var (_, entities) = await ana.SendAsync(HttpMethod.Get, "/api/aes");
        Assert.Equal(["AWAY", "CALLER", "PANAL"], entities.EnumerateArray().Select(entity => entity.GetProperty("aeTitle").GetString()));
        var (_, itself) = await ana.SendAsync(HttpMethod.Post, "/api/aes/PANAL/echo");
        Assert.Equal((true, "0000", ""), (itself.GetProperty("isReached").GetBoolean(), itself.GetProperty("status").GetString(), itself.GetProperty("problem").GetString()));
        var (_, away) = await ana.SendAsync(HttpMethod.Post, "/api/aes/AWAY/echo");
        Assert.False(away.GetProperty("isReached").GetBoolean());
        Assert.NotEqual("", away.GetProperty("problem").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await ana.SendAsync(HttpMethod.Post, "/api/aes/CALLER/echo")).Status);
    }

    [Fact]
    public async Task The_audit_trail_is_searched_and_who_searched_stands_in_it()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        Assert.Equal(HttpStatusCode.BadRequest, (await ana.SendAsync(HttpMethod.Get, "/api/audit?from=yesterday")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ana.SendAsync(HttpMethod.Get, "/api/audit?event=%3Cx%3E")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ana.SendAsync(HttpMethod.Get, "/api/audit?text=" + new string('x', 201))).Status);
        var (status, first) = await ana.SendAsync(HttpMethod.Get, "/api/audit?limit=1");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.InRange(first.GetProperty("entries").GetArrayLength(), 0, 1);

        // The writer of the trail may be behind: its end is what is waited for.
        await node.StopAsync();
        var uses = node.Trail().Split('\n').Where(line => line.Contains("\"110101\"", StringComparison.Ordinal)).ToArray();
        Assert.Single(uses);
        Assert.Contains("UserID=\"ana\"", uses[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_read_the_trail_or_run_the_node_is_told_so_and_a_study_that_is_unknown_is_nowhere()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        await ana.SendAsync(HttpMethod.Post, "/api/accounts", $$"""{ "name": "rui", "role": "Radiologist", "password": "{{WebNode.Password}}" }""");
        using var rui = node.Open();
        await rui.LogInAsync("rui");
        foreach (var path in (string[])["/api/audit", "/api/audit/export", "/api/operation", "/api/configuration", "/api/jobs", "/api/aes"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await rui.SendAsync(HttpMethod.Get, path)).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await rui.SendAsync(HttpMethod.Get, "/api/studies/1.2.3/where")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await rui.SendAsync(HttpMethod.Get, "/api/studies/no-uid/where")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await rui.SendAsync(HttpMethod.Post, "/api/studies/1.2.3/fetch")).Status);
    }
}
