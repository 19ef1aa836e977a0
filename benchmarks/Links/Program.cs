using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.LinksLoad;

/// <summary>
/// Bulk over one link beside its measure: a plain SslStream copy with the same suite, both ends in this process, A B A B.
/// Then how long a small question takes while the same link is full. Usage: LinksLoad [megabytes], or
/// LinksLoad --transfer [mebibytes] [rounds] for a transfer of objects of 0.5 MiB between two nodes.
/// </summary>
internal static class Program
{
    private const int BlockBytes = 64 * 1024;

    private static async Task Main(string[] arguments)
    {
        if (arguments is ["--transfer", ..])
        {
            await TransferSpeed.RunAsync(Number(arguments, 1, 512), Number(arguments, 2, 3));
            return;
        }

        var bytes = (arguments.Length > 0 ? long.Parse(arguments[0], CultureInfo.InvariantCulture) : 2_000) * 1_000_000 / BlockBytes * BlockBytes;
        using var credentials = new OneCertificate();
        await RunPlainAsync(credentials, bytes / 8);
        await RunLinkAsync(credentials, bytes / 8);
        var ratios = new List<double>();
        Console.WriteLine($"{bytes / 1e6:F0} MB, {Environment.ProcessorCount} processors, TLS_AES_256_GCM_SHA384");
        for (var round = 0; round < 3; round++)
        {
            var plain = await RunPlainAsync(credentials, bytes);
            var (link, question) = await RunLinkAsync(credentials, bytes);
            ratios.Add(link.MegabytesPerSecond / plain.MegabytesPerSecond);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"SslStream {plain.MegabytesPerSecond,5:F0} MB/s {plain.CpuPerGigabyte:F2} CPU s/GB   link {link.MegabytesPerSecond,5:F0} MB/s {link.CpuPerGigabyte:F2} CPU s/GB"
                + $"   ratio {ratios[^1]:F2}   question meanwhile: median {question.TotalMilliseconds:F2} ms"));
        }

        ratios.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median ratio {ratios[1]:F2}"));
    }

    private static int Number(string[] arguments, int index, int otherwise) =>
        arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;

    private static async Task<Figures> RunPlainAsync(OneCertificate credentials, long bytes)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepting = listener.AcceptSocketAsync();
        var dialling = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await dialling.ConnectAsync(listener.LocalEndpoint);
        await using var server = new SslStream(new NetworkStream(await accepting, ownsSocket: true));
        await using var client = new SslStream(new NetworkStream(dialling, ownsSocket: true));
        var suites = OperatingSystem.IsWindows() ? null : new CipherSuitesPolicy([TlsCipherSuite.TLS_AES_256_GCM_SHA384]);
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = credentials.Certificate,
                EnabledSslProtocols = SslProtocols.Tls13,
                CipherSuitesPolicy = suites,
            }),
            client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "panal",
                EnabledSslProtocols = SslProtocols.Tls13,
                CipherSuitesPolicy = suites,
                RemoteCertificateValidationCallback = credentials.IsOurs,
            }));
        var clock = Clock.Start();
        var reading = Task.Run(async () =>
        {
            var buffer = new byte[2 * BlockBytes];
            for (var left = bytes; left > 0;)
            {
                left -= await server.ReadAsync(buffer);
            }
        });
        var block = new byte[BlockBytes];
        for (var sent = 0L; sent < bytes; sent += BlockBytes)
        {
            await client.WriteAsync(block);
        }

        await reading;
        return clock.Stop(bytes);
    }

    private static async Task<(Figures Bulk, TimeSpan Question)> RunLinkAsync(OneCertificate credentials, long bytes)
    {
        var (one, other) = (new NodeId(Guid.Parse("00000000-0000-4000-8000-000000000001")), new NodeId(Guid.Parse("00000000-0000-4000-8000-000000000002")));
        await using var dialler = Create(credentials.As(one, other));
        await using var acceptor = Create(credentials.As(other, one));
        acceptor.Serve(new Sink());
        acceptor.Serve(new Echo());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        dialler.SetPeers([new LinkPeer(other, [listener.LocalEndpoint.ToString()!], MayRelay: false)]);
        var socket = await listener.AcceptSocketAsync();
        var accepted = acceptor.AcceptAsync(new NetworkStream(socket, ownsSocket: true), socket.RemoteEndPoint, CancellationToken.None);
        Figures figures;
        var questions = new List<TimeSpan>();
        await using (var stream = await dialler.OpenAsync(other, "sink/1", LinkPriority.Bulk, CancellationToken.None))
        {
            await stream.Output.FlushAsync();
            var clock = Clock.Start();
            var asking = AskAsync(dialler, other, questions);
            for (var sent = 0L; sent < bytes; sent += BlockBytes)
            {
                stream.Output.GetMemory(BlockBytes);
                stream.Output.Advance(BlockBytes);
                await stream.Output.FlushAsync();
            }

            await stream.Output.CompleteAsync();
            await stream.Input.ReadAsync();
            figures = clock.Stop(bytes);
            await asking;
        }

        await dialler.DisposeAsync();
        await acceptor.DisposeAsync();
        await accepted;
        questions.Sort();
        return (figures, questions[questions.Count / 2]);
    }

    /// <summary>Twenty questions, 20 ms apart.</summary>
    private static async Task AskAsync(Links links, NodeId peer, List<TimeSpan> taken)
    {
        for (var question = 0; question < 20; question++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            var begun = Stopwatch.GetTimestamp();
            await using var stream = await links.OpenAsync(peer, "echo/1", LinkPriority.Interactive, CancellationToken.None);
            await stream.Output.WriteAsync(new byte[100]);
            await stream.Output.CompleteAsync();
            await stream.Input.ReadAtLeastAsync(100);
            taken.Add(Stopwatch.GetElapsedTime(begun));
        }
    }

    internal static Links Create(ILinkCredentials credentials) =>
        new(credentials, new Nobody(), new LinkOptions(), TimeProvider.System, NullLogger<Links>.Instance);

    internal readonly record struct Figures(double MegabytesPerSecond, double CpuPerGigabyte);

    internal readonly record struct Clock(long Begun, TimeSpan Cpu)
    {
        public static Clock Start() => new(Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);

        public Figures Stop(long bytes) => new(
            bytes / 1e6 / Stopwatch.GetElapsedTime(Begun).TotalSeconds, (Environment.CpuUsage.TotalTime - Cpu).TotalSeconds / (bytes / 1e9));
    }

    private sealed class Sink : ILinkService
    {
        public string Protocol => "sink/1";

        public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken)
        {
            while (true)
            {
                var result = await stream.Input.ReadAsync(cancellationToken);
                stream.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    await stream.Output.CompleteAsync();
                    return;
                }
            }
        }
    }

    private sealed class Echo : ILinkService
    {
        public string Protocol => "echo/1";

        public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken)
        {
            await stream.Input.CopyToAsync(stream.Output, cancellationToken);
            await stream.Output.CompleteAsync();
        }
    }

    private sealed class Nobody : ILinkWitness
    {
        public void Up(NodeId peer, EndPoint? remote, NodeId? relay)
        {
        }

        public void Down(NodeId peer, LinkCloseReason reason, string message)
        {
        }

        public void HandshakeRefused(EndPoint? remote, LinkCloseReason reason, string message) => Console.Error.WriteLine($"{reason}: {message}");

        public void Violation(NodeId peer, LinkCloseReason reason, string message) => Console.Error.WriteLine($"{reason}: {message}");
    }

    /// <summary>One certificate for both ends: who is who is known by who dials.</summary>
    internal sealed class OneCertificate : IDisposable
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 _certificate;

        public OneCertificate()
        {
            var request = new CertificateRequest("CN=load", _key, HashAlgorithmName.SHA256);
            _certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
            Certificate = SslStreamCertificateContext.Create(_certificate, null, offline: true);
        }

        public SslStreamCertificateContext Certificate { get; }

        public ILinkCredentials As(NodeId self, NodeId peer) => new End(this, self, peer);

        public bool IsOurs(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors) =>
            shown?.GetCertHashString() == _certificate.GetCertHashString();

        public void Dispose()
        {
            _certificate.Dispose();
            _key.Dispose();
        }

        private sealed class End(OneCertificate owner, NodeId self, NodeId peer) : ILinkCredentials
        {
            public NodeId Self => self;

            public SslStreamCertificateContext Certificate => owner.Certificate;

            public LinkVerdict Judge(X509Certificate2 shown, X509Certificate2Collection chain) =>
                owner.IsOurs(this, shown, null, SslPolicyErrors.None) ? new LinkVerdict(peer, null) : new LinkVerdict(null, "foreign");
        }
    }
}
