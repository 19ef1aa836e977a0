using System.Buffers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Panal.Swarm.Links;
using Panal.Swarm.Wire;

namespace Panal.Swarm.Tunnel;

/// <summary>A connection whose other end is a member, after the preface.</summary>
/// <param name="Stream">What carries the frames.</param>
/// <param name="Peer">Who is at the other end.</param>
/// <param name="Line">The connection below; null if it goes through a relay.</param>
internal sealed record EstablishedTunnel(SslStream Stream, NodeId Peer, LineStream? Line);

/// <summary>Makes a connection a tunnel to a member: TLS 1.3 with one suite, certificates of both sides, then the preface (docs/formats/link.md).</summary>
/// <remarks>
/// Length is bounded by the TLS library: a record by 16 KiB, the certificates of a peer by 100 KiB. Without resumption every handshake
/// proves the key anew, so that recorded bytes are worth nothing.
/// </remarks>
internal sealed class LinkHandshake(ILinkCredentials credentials, LinkOptions options, TimeProvider time)
{
    private const TlsCipherSuite Suite = TlsCipherSuite.TLS_AES_256_GCM_SHA384;

    /// <summary>Certificates name nodes, not hosts; what is asked for has to be something.</summary>
    private const string AnyHost = "panal";

    private static readonly SslApplicationProtocol Application = new("panal/1");

    /// <summary>As the side that made the connection.</summary>
    /// <param name="transport">The connection; the caller closes it after a failure.</param>
    /// <param name="expected">Who must answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LinkRefusedException">No tunnel to that node came to be.</exception>
    public Task<EstablishedTunnel> DialAsync(Stream transport, NodeId expected, CancellationToken cancellationToken) =>
        EstablishAsync(transport, expected, isDialler: true, cancellationToken);

    /// <summary>As the side that accepted the connection.</summary>
    /// <param name="transport">The connection; the caller closes it after a failure.</param>
    /// <param name="expected">Who must have called, or null for any member.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LinkRefusedException">No tunnel to a member came to be.</exception>
    public Task<EstablishedTunnel> AcceptAsync(Stream transport, NodeId? expected, CancellationToken cancellationToken) =>
        EstablishAsync(transport, expected, isDialler: false, cancellationToken);

    private async Task<EstablishedTunnel> EstablishAsync(Stream transport, NodeId? expected, bool isDialler, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var judge = new Judge(credentials, expected);
        var tls = new SslStream(transport, leaveInnerStreamOpen: false);
        try
        {
            await AuthenticateAsync(tls, judge, isDialler, either.Token);
            CheckNegotiated(tls);
            await ExchangePrefacesAsync(tls, either.Token);
            return new EstablishedTunnel(tls, judge.Peer!.Value, transport as LineStream);
        }
        catch (Exception e)
        {
            await tls.DisposeAsync();
            throw e switch
            {
                _ when judge.Refusal is { } refusal => new LinkRefusedException(LinkCloseReason.Stranger, refusal, e),
                LinkRefusedException => e,
                LinkViolationException violation => new LinkRefusedException(violation.Reason, violation.Message, e),
                OperationCanceledException when !cancellationToken.IsCancellationRequested =>
                    new LinkRefusedException(LinkCloseReason.TooSlow, "The handshake was not complete in time.", e),
                OperationCanceledException => new LinkRefusedException(LinkCloseReason.Stopping, "The handshake was given up.", e),
                AuthenticationException or IOException or ObjectDisposedException or InvalidOperationException => Failed(e),
                _ => e,
            };
        }
    }

    private static LinkRefusedException Failed(Exception e)
    {
        // The library says in words only that nothing it may use was offered.
        var text = e.InnerException is { InnerException: { } innermost } ? innermost.Message : e.InnerException?.Message ?? e.Message;
        string[] downgrades = ["no shared cipher", "unsupported protocol", "wrong version", "no application protocol", "protocol version", "version too low"];
        var isDowngrade = downgrades.Any(d => text.Contains(d, StringComparison.OrdinalIgnoreCase));
        return new LinkRefusedException(isDowngrade ? LinkCloseReason.Downgrade : LinkCloseReason.Tunnel, "The TLS handshake failed: " + text, e);
    }

    private async Task AuthenticateAsync(SslStream tls, Judge judge, bool isDialler, CancellationToken cancellationToken)
    {
        // On Windows the suite cannot be asked for; it is looked at afterwards everywhere.
        var suites = OperatingSystem.IsWindows() ? null : new CipherSuitesPolicy([Suite]);
        if (isDialler)
        {
            var certificate = credentials.Certificate;
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = AnyHost,
                    ApplicationProtocols = [Application],
                    EnabledSslProtocols = SslProtocols.Tls13,
                    CipherSuitesPolicy = suites,
                    ClientCertificateContext = certificate,
                    RemoteCertificateValidationCallback = judge.IsMember,
                    CertificateChainPolicy = NothingFetched(),
                    AllowRenegotiation = false,
                    AllowTlsResume = false,
                },
                cancellationToken);
            return;
        }

        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ApplicationProtocols = [Application],
                EnabledSslProtocols = SslProtocols.Tls13,
                CipherSuitesPolicy = suites,
                ServerCertificateContext = credentials.Certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = judge.IsMember,
                CertificateChainPolicy = NothingFetched(),
                AllowRenegotiation = false,
                AllowTlsResume = false,
            },
            cancellationToken);
    }

    /// <summary>Membership judges; the platform's own verdict is not used, and must fetch nothing from where a stranger's certificate points.</summary>
    private static X509ChainPolicy NothingFetched() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };

    private static void CheckNegotiated(SslStream tls)
    {
        if (tls.SslProtocol != SslProtocols.Tls13 || tls.NegotiatedCipherSuite != Suite || tls.NegotiatedApplicationProtocol != Application)
        {
            throw new LinkRefusedException(
                LinkCloseReason.Downgrade, $"{tls.SslProtocol}, {tls.NegotiatedCipherSuite} and \"{tls.NegotiatedApplicationProtocol}\" were negotiated.");
        }

        if (!tls.IsMutuallyAuthenticated)
        {
            throw new LinkRefusedException(LinkCloseReason.Stranger, "No certificate was shown.");
        }
    }

    private static async Task ExchangePrefacesAsync(SslStream tls, CancellationToken cancellationToken)
    {
        var bytes = new byte[LinkPreface.SizeBytes];
        LinkPreface.Ours.Write(bytes);
        await tls.WriteAsync(bytes, cancellationToken);
        await tls.FlushAsync(cancellationToken);
        var filled = 0;
        LinkPreface theirs;
        while (!LinkPreface.TryRead(new ReadOnlySequence<byte>(bytes, 0, filled), out theirs, out _))
        {
            var read = await tls.ReadAsync(bytes.AsMemory(filled), cancellationToken);
            if (read == 0)
            {
                throw new LinkRefusedException(LinkCloseReason.Tunnel, "The connection ended before the preface.");
            }

            filled += read;
        }

        LinkPreface.Ours.Agree(theirs);
    }

    /// <summary>Asks membership about the certificate of one handshake and keeps the answer.</summary>
    private sealed class Judge(ILinkCredentials credentials, NodeId? expected)
    {
        public NodeId? Peer { get; private set; }

        public string? Refusal { get; private set; }

        public bool IsMember(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
        {
            if (shown is not X509Certificate2 certificate)
            {
                Refusal = "No certificate was shown.";
                return false;
            }

            var verdict = credentials.Judge(certificate, chain?.ChainPolicy.ExtraStore ?? []);
            Refusal = verdict.Member is null ? verdict.Refusal ?? "The certificate is not a member's."
                : verdict.Member == credentials.Self ? "The certificate is our own."
                : expected is { } node && verdict.Member != node ? $"{verdict.Member} answers instead of {node}."
                : null;
            Peer = Refusal is null ? verdict.Member : null;
            return Refusal is null;
        }
    }
}
