using System.Security.Cryptography.X509Certificates;
using Panal.Node.Commands;
using Panal.Node.Hosting;
using Panal.Node.Options;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Hosting;

public sealed class NodeCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_certificate_is_made_at_the_first_start_and_kept()
    {
        var first = Load(new NetworkConnectionOptions());
        Assert.True(first is { IsNew: true, IsSelfSigned: true });
        Assert.True(first.Leaf.HasPrivateKey);
        var second = Load(new NetworkConnectionOptions());
        Assert.False(second.IsNew);
        Assert.Equal(first.Fingerprint, second.Fingerprint);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.File("tls/node.key")));
        }
    }

    [Fact]
    public void A_configured_certificate_is_shown_with_its_chain()
    {
        using var certificate = Transport.RawTcpServer.Certificate("hospital");
        var file = _folder.File("both.pem");
        using (var key = certificate.GetRSAPrivateKey()!)
        {
            File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        }

        var loaded = Load(new NetworkConnectionOptions { CertificateFile = file });
        Assert.Equal(certificate.Thumbprint, loaded.Leaf.Thumbprint);
        Assert.False(Directory.Exists(_folder.File("tls")));
    }

    [Fact]
    public void A_certificate_that_cannot_be_read_is_said_so()
    {
        var error = Assert.Throws<CommandException>(() => Load(new NetworkConnectionOptions { CertificateFile = _folder.File("none.pem") }));
        Assert.Equal(ExitCode.Configuration, error.ExitCode);
    }

    private NodeCertificate Load(NetworkConnectionOptions options) => NodeCertificate.Load(_folder.Path, options, TimeProvider.System);
}
