using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Panal.Dimse;
using Panal.Dimse.Transport;
using Panal.Node.Transport;

namespace Panal.Node.Doors;

/// <summary>The DICOM doors, plain and over TLS: each connection becomes an association.</summary>
internal static class DicomDoor
{
    /// <summary>Listens on a port.</summary>
    /// <param name="kestrel">Owns the listener.</param>
    /// <param name="address">Where to listen.</param>
    /// <param name="tls">Speaks TLS first; null on the plain door.</param>
    public static void Listen(KestrelServerOptions kestrel, IPEndPoint address, TlsDoor? tls)
    {
        var services = kestrel.ApplicationServices;
        kestrel.Listen(new RawTcpEndPoint(address, tls is null ? "DICOM" : "DICOM-TLS") { Waits = ShortWaits.Shared }, listener =>
        {
            if (tls is not null)
            {
                listener.Use(next => connection => tls.OnConnectionAsync(connection, next));
            }

            listener.Run(connection => ServeAsync(connection, services));
        });
    }

    private static Task ServeAsync(ConnectionContext connection, IServiceProvider services)
    {
        var tls = connection.Features.Get<ITlsConnectionFeature>();
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        return AssociationAcceptor.RunAsync(
            connection.Transport,
            new Peer(connection.RemoteEndPoint, tls?.ClientCertificate, IsTls: tls is not null),
            services.GetRequiredService<AssociationOptions>(),
            services.GetRequiredService<IAssociationPolicy>(),
            services.GetRequiredService<IDimseService>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<RawTcpConnection>>(),
            stopping);
    }
}
