using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Console;
using Panal.Archive;
using Panal.DicomWeb;
using Panal.Federation.Membership;
using Panal.Node.Admin;
using Panal.Node.Commands;
using Panal.Node.Doors;
using Panal.Node.Network;
using Panal.Node.Network.Placement;
using Panal.Node.Operation;
using Panal.Node.Options;
using Panal.Node.Transport;
using Panal.Node.Web;
using Panal.Node.Web.Provider;
using Panal.Security.Access;
using Panal.Security.Accounts;
using Panal.Security.Audit;
using Prometheus;

namespace Panal.Node.Hosting;

/// <summary>A running node: its rooms, its doors and its audit trail, composed from one configuration.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    private readonly NodeConfiguration _configuration;
    private readonly NetworkAEOptions _ae;
    private readonly NetworkConnectionOptions _connection;
    private readonly DataFolder _data;
    private readonly Task<NodeCertificate?> _making;
    private readonly AeRegistry _registry;
    private readonly AuditTrail _audit;
    private readonly AccountRegistry _accounts;
    private readonly Holdings _holdings;
    private readonly ILoggerFactory _loggers;
    private readonly WebApplication _application;

    private NodeHost(
        NodeConfiguration configuration, DataFolder data, Task<NodeCertificate?> certificate, Holdings holdings, ILoggerFactory loggers, LogBook book, TimeProvider time)
    {
        _configuration = configuration;
        _data = data;
        _holdings = holdings;
        _loggers = loggers;
        _ae = configuration.NetworkAE;
        _connection = configuration.NetworkConnection;
        _making = certificate;
        _registry = OpenRegistry(data.Path, time);
        _accounts = OpenAccounts(data.Path, time);
        var source = new AuditSource(configuration.Device.EffectiveName, configuration.Device.InstitutionName);
        _audit = new AuditTrail(Path.Combine(data.Path, "audit"), source, time);
        _application = Build(book, time);
    }

    /// <summary>The node's own; null where no door speaks TLS, and until it is made.</summary>
    private NodeCertificate? Certificate => _making.IsCompletedSuccessfully ? _making.Result : null;

    /// <summary>Signalled when the node was told to stop.</summary>
    public CancellationToken Stopping => _application.Lifetime.ApplicationStopping;

    /// <summary>Composes a node and opens its doors.</summary>
    /// <exception cref="CommandException">The data folder, a certificate or a port cannot be used.</exception>
    public static async Task<NodeHost> StartAsync(NodeConfiguration configuration, TimeProvider time, CancellationToken cancellationToken)
    {
        var data = DataFolder.Open(configuration.DataFolder);
        var book = new LogBook(time);
        var loggers = LoggerFactory.Create(logging => AddLogging(logging, book));
        // Reading certificates takes as long as opening the catalogue, and neither needs the other. Making the first takes longer than all the rest.
        var certificate = Task.Run(() => LoadCertificate(configuration, time), cancellationToken);
        Holdings? holdings = null;
        NodeHost? host = null;
        try
        {
            holdings = await ArchiveComposition.OpenHoldingsAsync(configuration, time, loggers, cancellationToken).ConfigureAwait(false);
            if (NodeCertificate.IsThere(configuration.DataFolder, configuration.NetworkConnection))
            {
                await certificate.ConfigureAwait(false);
            }

            host = new NodeHost(configuration, data, certificate, holdings, loggers, book, time);
            await host.OpenDoorsAsync(cancellationToken).ConfigureAwait(false);
            await certificate.ConfigureAwait(false);
            var started = AuditEvents.ApplicationStarted(configuration.Device.EffectiveName, host._ae.AETitle);
            await host._audit.RecordAsync(started, cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            if (host is null)
            {
                await using (holdings)
                {
                    await ((Task)certificate).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    loggers.Dispose();
                    data.Dispose();
                }
            }
            else
            {
                await host.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>The doors, open and closed, for the table.</summary>
    public IEnumerable<Door> Doors()
    {
        var callers = _ae.Open
            ? "everybody, with all rights"
            : $"this machine; registered application entities ({_registry.Entities.Count})";
        yield return _connection.DicomPort == 0
            ? new Door(Door.Off, "DICOM", "", "switched off")
            : new Door(Shown(_connection.DicomPort), "DICOM", _ae.AETitle, callers);
        yield return _connection.DicomTlsPort == 0 || Certificate is not { } certificate
            ? new Door(Door.Off, "DICOM over TLS", "", "switched off")
            : new Door(Shown(_connection.DicomTlsPort), "DICOM over TLS", _ae.AETitle, $"{callers}; {CertificateText(certificate)}");
        yield return _connection.HttpPort == 0
            ? new Door(Door.Off, "HTTP", "", "switched off")
            : new Door(Shown(_connection.HttpPort), "HTTP", "", "http and https; /health everybody; /metrics "
                + (_connection.MonitoringFrom.Length == 0 ? "this machine" : "this machine, " + _connection.MonitoringFrom)
                + (_configuration.DicomWeb.Enabled ? $"; {DicomWebOptions.Root} {(_accounts.Accounts.Count > 0 ? "accounts" : _ae.Open ? "everybody" : "this machine")}" : ""));
        if (_application.Services.GetRequiredService<NetworkMembership>().Standing is { } standing)
        {
            yield return _connection.LinkPort == 0
                ? new Door(Door.Off, "links", "", "switched off; the node dials out")
                : new Door(Shown(_connection.LinkPort), "links", "", $"members of {standing.Roster.Name}; this node is {standing.Identity.Name}, {standing.Identity.Address}");
        }
    }

    /// <summary>Where the first administrator is made, or null when there is one or the door is off. It is a secret, and told once.</summary>
    public string? SetUpAddress()
    {
        var secret = _application.Services.GetRequiredService<SetUpLink>().Current;
        var host = IPAddress.Any.Equals(_connection.BindAddress) || IPAddress.IPv6Any.Equals(_connection.BindAddress)
            ? "localhost"
            : new IPEndPoint(_connection.BindAddress, 0).ToString()[..^2];
        // After the sign # it stays in the browser and in no log.
        return secret is null || _connection.HttpPort == 0 ? null : string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"http://{host}:{_connection.HttpPort}/#setup={secret}");
    }

    /// <summary>Whether there is a page for people, which the set-up link opens.</summary>
    public bool HasPage => _application.Services.GetRequiredService<PageRoutes>().IsHere;

    /// <summary>Routes with the rules that the gate has for them.</summary>
    internal IReadOnlyList<Endpoint> Routes => _application.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    /// <summary>Lets running messages finish for the configured time, then closes the doors.</summary>
    public async Task StopAsync()
    {
        using var timeout = new CancellationTokenSource(_connection.StopTimeout);
        await _application.StopAsync(timeout.Token).ConfigureAwait(false);
        var stopped = AuditEvents.ApplicationStopped(_configuration.Device.EffectiveName, _ae.AETitle);
        await _audit.RecordAsync(stopped, CancellationToken.None).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync().ConfigureAwait(false);
        await _holdings.DisposeAsync().ConfigureAwait(false);
        await _audit.DisposeAsync().ConfigureAwait(false);
        _accounts.Dispose();
        Certificate?.Leaf.Dispose();
        _loggers.Dispose();
        _data.Dispose();
    }

    private WebApplication Build(LogBook book, TimeProvider time)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "panal", ContentRootPath = _data.Path });
        var services = builder.Services;
        services.AddSingleton(time);
        services.AddSingleton(_registry);
        services.AddSingleton(_audit);
        services.AddSingleton(new AccessRules(_ae.AETitle, _ae.AcceptAnyCalledAETitle, _ae.Open));
        services.AddSingleton<AccessControl>();
        services.AddSingleton(new ConnectionLimiter(_connection.MaximumConnections, _connection.MaximumConnectionsPerAddress));
        services.AddSingleton<HealthProbe>(() => _audit.Problem is { } problem ? "The audit trail cannot be written: " + problem : null);
        services.AddSingleton<Health>();
        services.AddHostedService<RestingMemory>();
        services.AddWeb(_data.Path, _accounts, new WebGateOptions(_configuration.Device.EffectiveName, _connection.HttpInTheClear));
        services.AddProvider(_configuration);
        services.AddRooms(_configuration, _holdings, () => Certificate);
        services.AddNetwork(_configuration);
        services.AddTransfers(_configuration);
        services.AddBrokers(_configuration);
        services.AddPlacement(_configuration);
        services.AddOperation(_configuration);
        services.AddRoutingCore();
        services.Configure<HostOptions>(o => o.ShutdownTimeout = _connection.StopTimeout);
        services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
        services.AddSingleton(_loggers);
        services.AddSingleton(book);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(Listen);
        services.AddSingleton<IMemoryPoolFactory<byte>, WideBlocks>();
        // A request goes on where its bytes came in; Kestrel's queue between them costs a change of threads each way.
        services.Configure<SocketTransportOptions>(static o => o.UnsafePreferInlineScheduling = true);

        // After Kestrel's own, which only comes when there is none yet.
        services.AddSingleton<IConnectionListenerFactory, RawTcpListenerFactory>();

        var application = builder.Build();
        application.UseRouting();
        application.UseWeb();
        AdminDoor.Map(application);
        NetworkDoor.Map(application);
        TransferDoor.Map(application);
        if (_configuration.DicomWeb.Enabled)
        {
            var routes = application.MapGroup("");
            routes.WithMetadata(new HouseRoute(AccountRights.None) { BodyLimitBytes = null });
            application.Services.GetRequiredService<DicomWebDoor>().Map(routes);
        }

        application.MapOperation();
        var metrics = NodeMetrics.Create(application.Services);
        application.Services.GetRequiredService<OperationHistory>().Watch(metrics);
        WebDoor.Map(application, _connection.Monitors, metrics);
        return application;
    }

    private void Listen(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        WebDoor.Limit(kestrel.Limits, _connection);
        if (AdminSocket.IsPossible(_data.Path))
        {
            AdminSocket.RemoveStale(_data.Path);
            kestrel.ListenUnixSocket(AdminSocket.PathIn(_data.Path), AdminDoor.Listen);
        }

        if (_connection.DicomPort != 0)
        {
            DicomDoor.Listen(kestrel, new IPEndPoint(_connection.BindAddress, _connection.DicomPort), tls: null);
        }

        if (_connection.DicomTlsPort != 0)
        {
            DicomDoor.Listen(kestrel, new IPEndPoint(_connection.BindAddress, _connection.DicomTlsPort), Tls(kestrel.ApplicationServices));
        }

        if (_connection.HttpPort != 0)
        {
            kestrel.Listen(
                new IPEndPoint(_connection.BindAddress, _connection.HttpPort),
                listener => EitherDoor.Listen(listener, ContextAsync(), kestrel.ApplicationServices.GetRequiredService<TimeProvider>()));
        }
    }

    // A door that speaks TLS has a certificate.
    private async Task<SslStreamCertificateContext> ContextAsync() => (await _making.ConfigureAwait(false))!.Context;

    private TlsDoor Tls(IServiceProvider services) => new(
        ContextAsync(),
        _connection.ClientCertificate,
        (address, reason, token) => _audit.RecordAsync(
            AuditEvents.SecurityAlert(_configuration.Device.EffectiveName, null, SecurityAlertType.NetworkAccess, $"{address}: {reason}"), token),
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<TlsDoor>>());

    private async Task OpenDoorsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _application.StartAsync(cancellationToken).ConfigureAwait(false);
            AdminSocket.Restrict(_data.Path);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            // Kestrel takes every endpoint for an HTTP one in this message.
            var message = e.Message.Replace("http://DICOM", "DICOM", StringComparison.Ordinal);
            throw new CommandException(ExitCode.Door, message + " Another program listens there; choose another port, or 0 to switch the door off.");
        }
        catch (SocketException e)
        {
            throw new CommandException(ExitCode.Door, $"A door cannot be opened on {_connection.Bind}: {e.Message}.");
        }
    }

    private static NodeCertificate? LoadCertificate(NodeConfiguration configuration, TimeProvider time)
    {
        var connection = configuration.NetworkConnection;
        return connection.DicomTlsPort == 0 && connection.HttpPort == 0 ? null : NodeCertificate.Load(configuration.DataFolder, connection, time);
    }

    private static AeRegistry OpenRegistry(string folder, TimeProvider time)
    {
        try
        {
            return new AeRegistry(folder, time);
        }
        catch (AeRegistryException e)
        {
            throw new CommandException(ExitCode.Configuration, e.Message);
        }
    }

    private static AccountRegistry OpenAccounts(string folder, TimeProvider time)
    {
        try
        {
            return new AccountRegistry(folder, time);
        }
        catch (AccountException e)
        {
            throw new CommandException(ExitCode.Configuration, e.Message);
        }
    }

    // The log goes to the error stream: the output holds the table and `ready`, which scripts wait for.
    private static void AddLogging(ILoggingBuilder logging, LogBook book)
    {
        logging.AddProvider(book);
        logging.AddFilter("Panal", LogLevel.Information).AddFilter(null, LogLevel.Warning)
            // A door that cannot be opened is told to the person at the terminal once, without a stack.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fffK ";
        });
        logging.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private string Shown(int port) => _connection.Bind == "*" ? $"*:{port}" : new IPEndPoint(_connection.BindAddress, port).ToString();

    private string CertificateText(NodeCertificate certificate)
    {
        var kind = certificate.IsSelfSigned ? "self-signed certificate" : "certificate";
        return $"client certificate {_connection.ClientCertificate.ToString().ToLowerInvariant()}; our {kind} {certificate.Fingerprint[..16]}… ends {certificate.Leaf.NotAfter:yyyy-MM-dd}";
    }
}
