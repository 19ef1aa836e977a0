using System.Net.Http;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Panal.Archive;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb;
using Panal.DicomWeb.Access;
using Panal.Security.Access;
using Panal.Security.Audit;
using Panal.Unit.Archive;

namespace Panal.Unit.DicomWeb;

/// <summary>A real archive behind the DICOMweb door on a loopback port of its own.</summary>
internal sealed class WebArchive : IAsyncDisposable
{
    private readonly TemporaryArchive _archive;
    private readonly AuditTrail _audit;
    private readonly WebApplication _application;

    private WebArchive(TemporaryArchive archive, AuditTrail audit, WebApplication application)
    {
        (_archive, _audit, _application) = (archive, audit, application);
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Client = new HttpClient { BaseAddress = new Uri(address + DicomWebOptions.Root + "/"), Timeout = TimeSpan.FromSeconds(60) };
    }

    /// <summary>Asks below <c>/dicom-web/</c>.</summary>
    public HttpClient Client { get; }

    public TemporaryArchive Archive => _archive;

    public IServiceProvider Services => _application.Services;

    /// <summary>All routes with their methods.</summary>
    public IEnumerable<(string Path, IReadOnlyList<string> Methods)> Routes => _application.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Select(endpoint => (endpoint.RoutePattern.RawText!, endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []));

    public static async Task<WebArchive> OpenAsync(
        Func<DicomWebOptions, DicomWebOptions>? change = null, IWebAccess? access = null, IngestOptions? ingest = null, IRemoteCopies? remote = null)
    {
        var archive = await TemporaryArchive.OpenAsync(ingest ?? new IngestOptions());
        var audit = new AuditTrail(Path.Combine(archive.Directory, "audit"), new AuditSource("test", ""), TimeProvider.System);
        var options = new DicomWebOptions { AETitle = "PANAL" };
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(audit).AddSingleton(new AccessRules("PANAL", false, false)).AddRoutingCore();
        builder.Services.AddLogging();
        builder.Services.AddArchive(archive.Holdings, new ArchiveOptions
        {
            AeTitle = "PANAL",
            ImportFolder = Path.Combine(archive.Directory, "imports"),
            Ingest = ingest ?? new IngestOptions(),
        });
        if (remote is not null)
        {
            builder.Services.AddSingleton(remote);
        }

        if (access is not null)
        {
            builder.Services.AddSingleton(access);
        }

        builder.Services.AddDicomWeb(change is null ? options : change(options));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listener => listener.Protocols = HttpProtocols.Http1);
        });
        var application = builder.Build();
        application.UseRouting();
        application.Services.GetRequiredService<DicomWebDoor>().Map(application);
        await application.StartAsync(TestContext.Current.CancellationToken);
        return new WebArchive(archive, audit, application);
    }

    public async Task StoreAsync(params Sample[] samples)
    {
        foreach (var sample in samples)
        {
            Assert.Equal(IngestResult.Stored, (await _archive.StoreAsync(sample)).Result);
        }
    }

    public async Task<HttpResponseMessage> GetAsync(string path, string? accept = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            Assert.True(request.Headers.TryAddWithoutValidation("Accept", accept));
        }

        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<JsonElement[]> JsonAsync(string path)
    {
        using var answer = await GetAsync(path, "application/json");
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return [.. document.RootElement.EnumerateArray().Select(element => element.Clone())];
    }

    /// <summary>The audit trail as far as it goes when the node has stopped.</summary>
    public async Task<string> AuditAsync()
    {
        await _application.StopAsync(TestContext.Current.CancellationToken);
        await _audit.DisposeAsync();
        return string.Concat(Directory.EnumerateFiles(Path.Combine(_archive.Directory, "audit")).Select(File.ReadAllText));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _application.DisposeAsync();
        await _audit.DisposeAsync();
        await _archive.DisposeAsync();
    }

    /// <summary>The first value of an attribute, as text.</summary>
    public static string? Value(JsonElement dataSet, Tag tag) =>
        dataSet.TryGetProperty(tag.Value.ToString("X8"), out var element) && element.TryGetProperty("Value", out var values)
            ? values[0].ToString()
            : null;
}
