using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panal.Security.Identities;

namespace Panal.Federation.Membership;

/// <summary>What a node keeps of its network on disk; see docs/formats/network.md.</summary>
/// <param name="path">The folder; it is made when the node becomes a member.</param>
public sealed class NetworkFolder(string path)
{
    private const string Current = "authority";
    private const string Next = "authority-next";
    private const string RequestsFile = "requests";
    private const UnixFileMode KeyMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // The largest file is a roster; bundles are few.
    private const int FileLimitBytes = 2 * SignedDocument.LimitBytes;

    /// <summary>Whether the node is a member: its certificate, which is written last, is there.</summary>
    public bool IsComplete => File.Exists(In("node.crt"));

    /// <summary>Whether the keys of an issuing authority are here.</summary>
    public bool HoldsAuthority => File.Exists(In(Current + "/issuer.key"));

    /// <summary>The node's key, which is made at the first call and never leaves.</summary>
    /// <exception cref="NetworkDocumentException">The file is not a key of the network.</exception>
    public ECDsa OpenKey()
    {
        if (File.Exists(In("node.key")))
        {
            return ReadKey("node.key");
        }

        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        WriteKey("node.key", key);
        return key;
    }

    /// <summary>Reads everything and proves that it belongs together.</summary>
    /// <exception cref="NetworkDocumentException">Something is missing, or not valid.</exception>
    public NetworkStanding Load()
    {
        try
        {
            var bundles = ReadBundles(Read("bundles"), out var bundle);
            var roster = SignedDocument.Read(Read("roster"));
            var denied = SignedDocument.Read(Read("denied"));
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(Checked("node.crt"));
            if (certificates is not [var own, var issuer])
            {
                throw new NetworkDocumentException("node.crt does not hold two certificates.");
            }

            using var key = OpenKey();
            return new NetworkStanding
            {
                Identity = NodeIdentity.Of(own) ?? throw new NetworkDocumentException("node.crt names no node."),
                Certificate = own.CopyWithPrivateKey(key),
                Issuer = issuer,
                Shown = SslStreamCertificateContext.Create(own.CopyWithPrivateKey(key), [issuer], offline: true),
                Bundle = bundle,
                Bundles = bundles,
                Roster = bundle.ReadRoster(roster),
                SignedRoster = roster,
                Denied = bundle.ReadDenyList(denied),
                SignedDenied = denied,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new NetworkDocumentException($"The folder of the network cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The authority that this node holds; null when it holds none.</summary>
    /// <exception cref="NetworkDocumentException">Its files are not as described.</exception>
    public NetworkAuthority? LoadAuthority()
    {
        if (!Directory.Exists(In(Current)) && File.Exists(In(Next + "/issuer.key")))
        {
            Directory.Move(In(Next), In(Current));
        }

        return HoldsAuthority ? Load(Current) : null;
    }

    /// <summary>The authority that follows, while the authority changes; null otherwise.</summary>
    /// <exception cref="NetworkDocumentException">Its files are not as described.</exception>
    public NetworkAuthority? LoadNextAuthority() => File.Exists(In(Next + "/issuer.key")) ? Load(Next) : null;

    /// <summary>Keeps the keys and certificates of an authority.</summary>
    public void Save(NetworkAuthority authority) => Save(authority, Current);

    /// <summary>Keeps the authority that follows.</summary>
    public void SaveNext(NetworkAuthority authority) => Save(authority, Next);

    /// <summary>Puts the authority that follows in the place of the current one, which is kept aside.</summary>
    /// <param name="sequence">Sequence of the bundle at hand, for the name of the folder that is kept.</param>
    public void SwitchAuthority(long sequence)
    {
        Directory.Move(In(Current), In($"authority-old-{sequence}"));
        // Cut off here, the next look at the authority finishes it.
        Directory.Move(In(Next), In(Current));
    }

    /// <summary>Keeps a roster or a deny list in place of the one before.</summary>
    public void Save(SignedDocument document) => Write(document.Kind == DocumentKind.Roster ? "roster" : "denied", document.Bytes.Span);

    /// <summary>Keeps all trust bundles.</summary>
    public void Save(IEnumerable<SignedDocument> bundles) => Write("bundles", [.. bundles.SelectMany(bundle => bundle.Bytes.ToArray())]);

    /// <summary>Keeps the node's certificate with its issuer's: with it the folder is complete.</summary>
    public void Save(X509Certificate2 certificate, X509Certificate2 issuer) =>
        Write("node.crt", System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n" + issuer.ExportCertificatePem() + "\n"));

    /// <summary>The requests to join that were kept; null when there are none.</summary>
    /// <exception cref="NetworkDocumentException">The file is too long.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal byte[]? ReadRequests() => File.Exists(In(RequestsFile)) ? Read(RequestsFile) : null;

    /// <summary>Keeps the requests to join in place of those before.</summary>
    /// <exception cref="IOException">They cannot be kept.</exception>
    internal void SaveRequests(ReadOnlySpan<byte> requests) => Write(RequestsFile, requests);

    private NetworkAuthority Load(string place)
    {
        try
        {
            return new NetworkAuthority(
                ReadCertificate(place + "/root.crt"),
                File.Exists(In(place + "/root.key")) ? ReadKey(place + "/root.key") : null,
                ReadCertificate(place + "/issuer.crt"),
                ReadKey(place + "/issuer.key"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new NetworkDocumentException($"The authority cannot be read: {e.Message}", e);
        }
    }

    private void Save(NetworkAuthority authority, string place)
    {
        if (authority.RootKey is { } rootKey)
        {
            WriteKey(place + "/root.key", rootKey);
        }

        Write(place + "/root.crt", System.Text.Encoding.ASCII.GetBytes(authority.Root.ExportCertificatePem()));
        Write(place + "/issuer.crt", System.Text.Encoding.ASCII.GetBytes(authority.Issuer.ExportCertificatePem()));
        // Comes last: with it the authority is complete.
        WriteKey(place + "/issuer.key", authority.IssuerKey);
    }

    private static List<SignedDocument> ReadBundles(ReadOnlyMemory<byte> bytes, out TrustBundle bundle)
    {
        var documents = new List<SignedDocument>();
        TrustBundle? newest = null;
        while (!bytes.IsEmpty)
        {
            var document = SignedDocument.Read(bytes, out var consumed);
            newest = newest is null
                ? TrustBundle.ReadFirst(document, Certificates.Fingerprint(document.Signer))
                : newest.ReadNext(document) ?? throw new NetworkDocumentException("The trust bundles are not in order.");
            documents.Add(document);
            bytes = bytes[consumed..];
        }

        bundle = newest ?? throw new NetworkDocumentException("There is no trust bundle.");
        return documents;
    }

    private string In(string name) => Path.Combine(path, name);

    private byte[] Read(string name)
    {
        using var file = File.OpenRead(Checked(name));
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private string Checked(string name)
    {
        var length = new FileInfo(In(name)).Length;
        return length <= FileLimitBytes ? In(name) : throw new NetworkDocumentException($"{name} is longer than {FileLimitBytes} bytes.");
    }

    private X509Certificate2 ReadCertificate(string name) => X509CertificateLoader.LoadCertificateFromFile(Checked(name));

    private ECDsa ReadKey(string name)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(Checked(name)));
            return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new NetworkDocumentException($"{name} is not a key.", e);
        }
    }

    private void WriteKey(string name, ECDsa key) => Write(name, System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));

    private void Write(string name, ReadOnlySpan<byte> content)
    {
        var target = In(name);
        var folder = Path.GetDirectoryName(target)!;
        _ = OperatingSystem.IsWindows() ? Directory.CreateDirectory(folder) : Directory.CreateDirectory(folder, KeyMode | UnixFileMode.UserExecute);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = KeyMode;
        }

        using (var file = new FileStream(target + ".part", options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(target + ".part", target, overwrite: true);
    }
}
