using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panal.Node.Commands;
using Panal.Node.Options;
using Panal.Security.Access;

namespace Panal.Node.Hosting;

/// <summary>The certificate that the node shows on its TLS door.</summary>
/// <remarks>
/// Without a configured one, a self-signed certificate is made at the first start and kept. That is safe: it lets nobody in, it only
/// lets callers that were given its fingerprint know that they reached this node.
/// </remarks>
internal sealed class NodeCertificate
{
    private const string OwnFolder = "tls";
    private const string OwnFile = "node.crt";
    private const int KeyLengthBits = 3072;
    private const int YearsValid = 10;
    private const UnixFileMode KeyMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private NodeCertificate(X509Certificate2 leaf, SslStreamCertificateContext context, bool isNew)
    {
        Leaf = leaf;
        Context = context;
        IsNew = isNew;
    }

    public X509Certificate2 Leaf { get; }

    public SslStreamCertificateContext Context { get; }

    /// <summary>True when it was made just now.</summary>
    public bool IsNew { get; }

    public bool IsSelfSigned => Leaf.SubjectName.RawData.AsSpan().SequenceEqual(Leaf.IssuerName.RawData);

    public string Fingerprint => CertificateFingerprint.Of(Leaf);

    /// <summary>Whether there is one already; else loading it takes as long as making a key, some seconds at worst.</summary>
    public static bool IsThere(string dataFolder, NetworkConnectionOptions options) =>
        options.CertificateFile.Length > 0 || File.Exists(Path.Combine(dataFolder, OwnFolder, OwnFile));

    /// <summary>Loads the configured certificate, or the node's own, which is made when it is not there.</summary>
    /// <exception cref="CommandException">The files cannot be read or do not fit together.</exception>
    public static NodeCertificate Load(string dataFolder, NetworkConnectionOptions options, TimeProvider time)
    {
        var isNew = false;
        var certificateFile = options.CertificateFile;
        var keyFile = options.CertificateKeyFile.Length > 0 ? options.CertificateKeyFile : certificateFile;
        try
        {
            if (certificateFile.Length == 0)
            {
                var folder = Path.Combine(dataFolder, OwnFolder);
                certificateFile = Path.Combine(folder, OwnFile);
                keyFile = Path.Combine(folder, "node.key");
                isNew = !File.Exists(certificateFile);
                if (isNew)
                {
                    Make(folder, certificateFile, keyFile, time);
                }
            }

            var leaf = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificateFile);
            return new NodeCertificate(leaf, SslStreamCertificateContext.Create(leaf, chain, offline: true), isNew);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CommandException(ExitCode.Configuration, $"The certificate {certificateFile} with the key {keyFile} cannot be used: {e.Message}");
        }
    }

    private static void Make(string folder, string certificateFile, string keyFile, TimeProvider time)
    {
        using var key = RSA.Create(KeyLengthBits);
        var host = Dns.GetHostName();
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(host);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        // The node calls others with the same certificate: TLS server and TLS client, RFC 5280 §4.2.1.12.
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(YearsValid));
        Directory.CreateDirectory(folder);
        // The certificate comes last: with it the pair is complete.
        Write(keyFile, key.ExportPkcs8PrivateKeyPem(), KeyMode);
        Write(certificateFile, certificate.ExportCertificatePem(), KeyMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    private static void Write(string path, string text, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using (var writer = new StreamWriter(path + ".part", options))
        {
            writer.WriteLine(text);
        }

        File.Move(path + ".part", path, overwrite: true);
    }
}
