using Panal.Security.Access;

namespace Panal.Unit.Security.Access;

public sealed class AeRegistryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder.File(AeRegistry.FileName);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_added_is_found_again_by_another_process()
    {
        var entity = new ApplicationEntity
        {
            AETitle = "CT1",
            Description = "Sala 3, «urgencias»",
            NetworkConnection = new NetworkConnection { Hostname = "10.0.0.5", Port = 104, Tls = true },
            AuthorizedNodeCertificate = new string('a', 64),
            Rights = Rights.Echo | Rights.Store,
            MoveDestinations = ["WS1"],
        };
        Assert.True(await Open().AddAsync(entity, CancellationToken.None));
        var found = Open().Find(" CT1 ");
        Assert.NotNull(found);
        Assert.Equal(entity with { MoveDestinations = found.MoveDestinations }, found);
        Assert.Equal(["WS1"], found.MoveDestinations);
        Assert.Null(Open().Find("ct1"));
    }

    [Fact]
    public async Task A_running_node_sees_changes_of_another_process()
    {
        var running = Open();
        Assert.Empty(running.Entities);
        await Open().AddAsync(Entity("CT1"), CancellationToken.None);
        Assert.NotNull(running.Find("CT1"));
        Assert.False(await Open().AddAsync(Entity("CT1") with { Rights = Rights.Echo }, CancellationToken.None));
        Assert.Equal(Rights.Echo, running.Find("CT1")?.Rights);
        Assert.True(await Open().RemoveAsync("CT1", CancellationToken.None));
        Assert.Null(running.Find("CT1"));
        Assert.False(await Open().RemoveAsync("CT1", CancellationToken.None));
    }

    [Fact]
    public async Task Changes_at_the_same_time_are_all_kept()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Open().AddAsync(Entity($"AE{i}"), CancellationToken.None)));
        Assert.Equal(20, Open().Entities.Count);
    }

    [Fact]
    public void All_errors_of_a_file_are_named_at_once()
    {
        File.WriteAllText(FilePath, """
            { "NetworkAE": [
              { "AETitle": "A TITLE THAT IS TOO LONG", "NetworkConnection": { "Hostname": "10.0.0.1" } },
              { "AETitle": "B", "NetworkConnection": { "Hostname": "not a host", "Port": 70000 } },
              { "AETitle": "C", "Rights": [] },
              { "AETitle": "C", "NetworkConnection": { "Hostname": "c" }, "AuthorizedNodeCertificate": "12" }
            ] }
            """);
        var problem = Assert.Throws<AeRegistryException>(Open);
        Assert.Equal(7, problem.Errors.Count);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{ "NetworkAE": [ { "AETitel": "A" } ] }""")]
    [InlineData("""{ "NetworkAE": [ { "AETitle": "A", "NetworkConnection": { "Hostname": "a" }, "Rights": [ 31 ] } ] }""")]
    [InlineData("""{ "NetworkAE": [ { "AETitle": "A", "NetworkConnection": { "Hostname": "a" }, "Rights": [ "Echo,Store" ] } ] }""")]
    public void A_file_that_is_not_as_documented_is_refused(string text)
    {
        File.WriteAllText(FilePath, text);
        Assert.Throws<AeRegistryException>(Open);
    }

    [Fact]
    public async Task A_file_that_becomes_invalid_leaves_the_last_valid_one_in_force()
    {
        await Open().AddAsync(Entity("CT1"), CancellationToken.None);
        var running = Open();
        File.WriteAllText(FilePath, "{ not json");
        Assert.NotNull(running.Find("CT1"));
        Assert.NotNull(running.Problem);
        File.WriteAllText(FilePath, "{ \"NetworkAE\": [] }");
        Assert.Null(running.Find("CT1"));
        Assert.Null(running.Problem);
    }

    [Fact]
    public async Task The_file_is_replaced_as_a_whole_and_not_for_everybody_to_read()
    {
        await Open().AddAsync(Entity("CT1"), CancellationToken.None);
        Assert.False(File.Exists(FilePath + ".part"));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(FilePath) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite));
        }
    }

    [Theory]
    [InlineData("10.0.0.5", true)]
    [InlineData("10.1.0.0/16", true)]
    [InlineData("fe80::1", true)]
    [InlineData("ct1.hospital.local", true)]
    [InlineData("../etc", false)]
    [InlineData("a b", false)]
    public async Task Hosts_are_names_addresses_or_networks(string host, bool isValid)
    {
        var entity = Entity("A") with { NetworkConnection = new NetworkConnection { Hostname = host } };
        if (isValid)
        {
            Assert.True(await Open().AddAsync(entity, CancellationToken.None));
        }
        else
        {
            await Assert.ThrowsAsync<AeRegistryException>(() => Open().AddAsync(entity, CancellationToken.None));
        }
    }

    private AeRegistry Open() => new(_folder.Path, TimeProvider.System);

    private static ApplicationEntity Entity(string title) =>
        new() { AETitle = title, NetworkConnection = new NetworkConnection { Hostname = "10.0.0.5", Port = 104 } };
}
