using Panal.Node.Options;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Options;

public sealed class NodeConfigurationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_any_configuration_the_defaults_are_valid()
    {
        var configuration = Load();
        Assert.Empty(configuration.Validate());
        Assert.Equal("PANAL", configuration.NetworkAE.AETitle);
        Assert.Equal((11112, 2762, 8080), Ports(configuration));
        Assert.All(configuration.Effective(), s => Assert.Equal("default", s.Source));
    }

    [Fact]
    public void The_command_line_wins_over_the_file_and_each_value_says_where_it_comes_from()
    {
        Write("""{ "NetworkAE": { "AETitle": "FROMFILE" }, "NetworkConnection": { "DicomPort": 104, /* why */ "HttpPort": 0, "MonitoringFrom": ["10.0.0.1", "10.1.0.0/16"] }, }""");
        var configuration = Load(("NetworkConnection:DicomPort", "4242"));
        Assert.Empty(configuration.Validate());
        Assert.Equal("FROMFILE", configuration.NetworkAE.AETitle);
        Assert.Equal((4242, 2762, 0), Ports(configuration));
        var effective = configuration.Effective().ToDictionary(s => s.Name);
        Assert.Equal(NodeConfiguration.FileName, effective["NetworkAE:AETitle"].Source);
        Assert.Equal("command line", effective["NetworkConnection:DicomPort"].Source);
        Assert.Equal("default", effective["NetworkConnection:DicomTlsPort"].Source);
        Assert.True(configuration.NetworkConnection.Monitors.Contains(System.Net.IPAddress.Parse("::ffff:10.1.2.3")));
    }

    [Fact]
    public void All_errors_are_named_at_once()
    {
        Write("""{ "NetworkAE": { "AETitel": "X", "MaximumAssociations": 0 }, "NetworkConnection": { "Bind": "nowhere", "MonitoringFrom": "x" } }""");
        var errors = Load(("NetworkAE:AETitle", "A\\B")).Validate();
        Assert.Contains(errors, e => e.Contains("AETitel", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("MaximumAssociations", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("backslash", StringComparison.Ordinal) || e.Contains("AETitle:", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("Bind", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("MonitoringFrom", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("NetworkConnection:DicomPort", "65536")]
    [InlineData("NetworkConnection:DicomPort", "-1")]
    [InlineData("NetworkConnection:DicomPort", "many")]
    [InlineData("NetworkConnection:HttpPort", "11112")]
    [InlineData("NetworkConnection:CertificateKeyFile", "key.pem")]
    [InlineData("NetworkConnection:ClientCertificate", "Sometimes")]
    [InlineData("NetworkAE:IdleTimeout", "00:00:01")]
    [InlineData("NetworkAE:AETitle", "")]
    public void Values_out_of_range_are_refused(string setting, string value) => Assert.NotEmpty(Load((setting, value)).Validate());

    [Theory]
    [InlineData("{")]
    [InlineData("not json")]
    public void A_file_that_is_not_JSON_is_refused(string text)
    {
        Write(text);
        Assert.Throws<ConfigurationException>(() => Load());
    }

    [Fact]
    public void The_page_in_docs_is_the_one_that_the_program_writes() =>
        Assert.Equal(ConfigurationPage.Write(), Architecture.RepositoryFiles.Read("docs/configuration.md"));

    private static (int Dicom, int Tls, int Http) Ports(NodeConfiguration configuration)
    {
        var connection = configuration.NetworkConnection;
        return (connection.DicomPort, connection.DicomTlsPort, connection.HttpPort);
    }

    private void Write(string text) => File.WriteAllText(_folder.File(NodeConfiguration.FileName), text);

    private NodeConfiguration Load(params (string Setting, string Value)[] commandLine) =>
        NodeConfiguration.Load(_folder.Path, commandLine.ToDictionary(s => s.Setting, s => (string?)s.Value));
}
