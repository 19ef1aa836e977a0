using System.Diagnostics;
using Panal.Security.Identities;

namespace Panal.Unit.Security.Identities;

/// <summary>A foreign program looks at our certificates.</summary>
public sealed class OpenSslTests : IDisposable
{
    private readonly SampleNetwork _network = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _network.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("sslserver")]
    [InlineData("sslclient")]
    public async Task OpenSSL_verifies_the_certificate_of_a_node_for_both_sides_of_a_link(string purpose)
    {
        WriteAll();
        var now = SampleNetwork.Start.AddDays(30).ToUnixTimeSeconds();
        var output = await RunAsync(
            "verify", "-x509_strict", "-purpose", purpose, "-attime", $"{now}", "-CAfile", _folder.File("root.pem"), "-untrusted", _folder.File("issuer.pem"), _folder.File("node.pem"));
        Assert.EndsWith("node.pem: OK", output.Trim(), StringComparison.Ordinal);
        var late = SampleNetwork.Start.AddDays(91).ToUnixTimeSeconds();
        var expired = await RunAsync("verify", "-attime", $"{late}", "-CAfile", _folder.File("root.pem"), "-untrusted", _folder.File("issuer.pem"), _folder.File("node.pem"));
        Assert.Contains("certificate has expired", expired, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenSSL_reads_what_the_page_says_is_in_it()
    {
        var identity = WriteAll();
        var text = await RunAsync("x509", "-text", "-noout", "-nameopt", "RFC2253", "-in", _folder.File("node.pem"));
        Assert.Contains("Subject: CN=CLINIC-7,OU=clinic,O=Red Andina", text, StringComparison.Ordinal);
        Assert.Contains($"URI:panal://{identity.Network}/node/{identity.Node}, IP Address:10.77.0.7", text, StringComparison.Ordinal);
        Assert.Contains("NIST CURVE: P-256", text, StringComparison.Ordinal);
        Assert.Contains("CA:FALSE", text, StringComparison.Ordinal);
        Assert.Contains("TLS Web Server Authentication, TLS Web Client Authentication", text, StringComparison.Ordinal);
        Assert.Contains("Not After : May 30 12:00:00 2026 GMT", text, StringComparison.Ordinal);
        var issuer = await RunAsync("x509", "-text", "-noout", "-in", _folder.File("issuer.pem"));
        Assert.Contains("CA:TRUE, pathlen:0", issuer, StringComparison.Ordinal);
        Assert.Contains("Certificate Sign, CRL Sign", issuer, StringComparison.Ordinal);
    }

    private NodeIdentity WriteAll()
    {
        var identity = _network.Identity();
        using var certificate = _network.Issue(identity);
        File.WriteAllText(_folder.File("root.pem"), _network.Authority.Root.ExportCertificatePem());
        File.WriteAllText(_folder.File("issuer.pem"), _network.Authority.Issuer.ExportCertificatePem());
        File.WriteAllText(_folder.File("node.pem"), certificate.ExportCertificatePem());
        return identity;
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return await error + output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("There is no openssl.");
            throw;
        }
    }
}
