using System.Diagnostics;
using Panal.Swarm.Links;
using Panal.Unit.Swarm.Support;

namespace Panal.Unit.Swarm.Tunnel;

/// <summary>A foreign TLS client knocks: only a member's certificate with the one suite gets through.</summary>
public sealed class OpenSslTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("panal-openssl-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384 -alpn panal/1", true, null)]
    [InlineData("-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -alpn panal/1", true, LinkCloseReason.Downgrade)]
    [InlineData("-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256 -alpn panal/1", true, LinkCloseReason.Downgrade)]
    [InlineData("-tls1_2 -alpn panal/1", true, LinkCloseReason.Downgrade)]
    [InlineData("-tls1_2 -cipher ALL:@SECLEVEL=0 -alpn panal/1", true, LinkCloseReason.Downgrade)]
    [InlineData("-tls1_1 -cipher ALL:@SECLEVEL=0 -alpn panal/1", true, LinkCloseReason.Downgrade)]
    [InlineData("-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384", true, LinkCloseReason.Downgrade)]
    [InlineData("-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384 -alpn panal/1", false, LinkCloseReason.Stranger)]
    [InlineData("-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384 -alpn panal/1 -nocert", true, LinkCloseReason.Stranger)]
    public async Task Only_a_member_with_the_one_suite_gets_through(string arguments, bool isMember, LinkCloseReason? refusal)
    {
        using var network = new Network();
        using var foreign = new Network();
        await using var node = new LinkedNode(network.Admit());
        var credentials = (isMember ? network : foreign).Admit();
        var certificate = Path.Combine(_folder.FullName, "certificate.pem");
        await File.WriteAllTextAsync(certificate, credentials.Leaf.ExportCertificatePem() + "\n" + KeyOf(credentials), Cancelled);
        var shown = arguments.Contains("-nocert", StringComparison.Ordinal) ? arguments.Replace("-nocert", "", StringComparison.Ordinal) : arguments + " -cert " + certificate;

        using var client = Start($"s_client -connect 127.0.0.1:{node.Port} -quiet {shown}");
        if (refusal is { } reason)
        {
            Assert.Equal(reason, await node.Witness.NextAsync("refused"));
        }
        else
        {
            // The node's preface comes through, and ours is understood.
            var preface = new byte[16];
            await client.StandardOutput.BaseStream.ReadExactlyAsync(preface, Cancelled);
            Assert.Equal("PANALLNK"u8.ToArray(), preface[..8]);
            await client.StandardInput.BaseStream.WriteAsync(preface, Cancelled);
            await client.StandardInput.BaseStream.FlushAsync(Cancelled);
            await node.Witness.NextAsync("up");
        }

        client.Kill();
        await client.WaitForExitAsync(Cancelled);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string KeyOf(Network.Credentials credentials)
    {
        using var key = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(credentials.Leaf)!;
        return key.ExportECPrivateKeyPem();
    }

    private static Process Start(string arguments)
    {
        var openssl = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(f => Path.Combine(f, "openssl")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(openssl is null, "openssl is not installed on this machine");
        return Process.Start(new ProcessStartInfo(openssl!, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }
}
