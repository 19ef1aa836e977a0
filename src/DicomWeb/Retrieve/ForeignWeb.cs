using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb.Answers;
using Panal.DicomWeb.Store;
using Panal.Security.Audit;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Gets instances by WADO-RS (PS3.18 §10.4): each part of the answer flows from the socket to the archive.</summary>
/// <remarks>
/// Called is only what the configuration names: redirections are not followed, proxies of the environment and cookies are not used. An answer
/// may only bring instances of the study that was asked for.
/// </remarks>
public sealed class ForeignWeb : IForeignWeb, IDisposable
{
    /// <summary>Parts of one answer at most.</summary>
    public const int PartLimit = 100_000;

    /// <summary>Longest file with credentials, in bytes.</summary>
    public const int CredentialsLimitBytes = 8192;

    private const int HeadLimitKilobytes = 32;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A name may move to another address.</summary>
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5);

    private readonly Ingester _ingester;
    private readonly AuditTrail _audit;
    private readonly DicomWebOptions _options;
    private readonly ILogger<ForeignWeb> _logger;
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = ConnectionLife,
        MaxResponseHeadersLength = HeadLimitKilobytes,
    })
    {
        // Whoever asks gives up when nothing comes.
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public ForeignWeb(Ingester ingester, AuditTrail audit, DicomWebOptions options, ILogger<ForeignWeb> logger) =>
        (_ingester, _audit, _options, _logger) = (ingester, audit, options, logger);

    /// <inheritdoc/>
    public async Task RetrieveAsync(
        ForeignWebAddress archive, string studyInstanceUid, string seriesInstanceUid, IReadOnlyCollection<string> sopInstanceUids, CancellationToken ct)
    {
        var series = $"{archive.Root.AbsoluteUri.TrimEnd('/')}/studies/{studyInstanceUid}/series/{seriesInstanceUid}";
        var trail = new StoreAudit(_audit, new AuditParty(archive.AeTitle, null), new AuditParty(_options.AETitle, null));
        try
        {
            foreach (var resource in sopInstanceUids.Count == 0 ? [series] : sopInstanceUids.Select(uid => $"{series}/instances/{uid}"))
            {
                await RetrieveAsync(archive, new Uri(resource), studyInstanceUid, trail, ct);
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or WebFaultException or UnauthorizedAccessException)
        {
            throw new ForeignArchiveException(fault.Message, isRefusal: fault is WebFaultException, fault);
        }
        finally
        {
            await trail.RecordAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task RetrieveAsync(ForeignWebAddress archive, Uri resource, string study, StoreAudit trail, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, resource);

        // As it is stored, whatever that is (PS3.18 §8.7.3.5.2).
        request.Headers.TryAddWithoutValidation("Accept", "multipart/related; type=\"application/dicom\"; transfer-syntax=*");
        if (archive.CredentialsFile.Length > 0)
        {
            request.Headers.Authorization = await ReadCredentialsAsync(archive.CredentialsFile, ct);
        }

        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new ForeignArchiveException($"The archive answered {(int)response.StatusCode} to WADO-RS.", isRefusal: (int)response.StatusCode is >= 300 and < 500, null);
        }

        var type = response.Content.Headers.ContentType;
        var boundary = type?.Parameters.FirstOrDefault(static one => one.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase))?.Value?.Trim('"') ?? "";
        if (type?.MediaType?.Equals("multipart/related", StringComparison.OrdinalIgnoreCase) != true || boundary.Length is 0 or > MultipartBody.BoundaryLimit)
        {
            throw new ForeignArchiveException("The archive answers WADO-RS with something else than multipart/related.", isRefusal: true, null);
        }

        await using var body = await response.Content.ReadAsStreamAsync(ct);
        var parts = new MultipartReader(PipeReader.Create(body), boundary);
        for (var count = 0; await parts.NextAsync(ct) is not null; count++)
        {
            if (count == PartLimit)
            {
                throw new ForeignArchiveException("The archive answers with more than can be.", isRefusal: true, null);
            }

            await StoreAsync(archive, parts.Current, study, trail, ct);
        }
    }

    private async ValueTask StoreAsync(ForeignWebAddress archive, PipeReader file, string study, StoreAudit trail, CancellationToken ct)
    {
        try
        {
            if (await FileIdentity.ReadAsync(file, ct) is not { } identity)
            {
                Log.PartRefused(_logger, "it is no DICOM file");
                return;
            }

            var request = new IngestRequest(identity.SopClassUid, identity.SopInstanceUid, identity.TransferSyntax, archive.AeTitle) { StudyInstanceUid = study };
            var outcome = await _ingester.StoreAsync(file, request, ct);
            if (outcome.Refusal is { } refusal)
            {
                Log.PartRefused(_logger, refusal.ToString());
                return;
            }

            trail.Add(identity.SopClassUid, outcome);
        }
        catch (DicomFormatException fault)
        {
            Log.PartRefused(_logger, fault.Reason.ToString());
        }
    }

    /// <exception cref="ForeignArchiveException">The file can be read by others, or holds no credentials.</exception>
    private static async ValueTask<AuthenticationHeaderValue> ReadCredentialsAsync(string path, CancellationToken ct)
    {
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != UnixFileMode.None)
        {
            throw new ForeignArchiveException("The file with the credentials can be read by others: make it mode 600.", isRefusal: false, null);
        }

        if (new FileInfo(path).Length > CredentialsLimitBytes)
        {
            throw new ForeignArchiveException("The file with the credentials is too long.", isRefusal: false, null);
        }

        var line = (await File.ReadAllTextAsync(path, ct)).Split('\n')[0].Trim();
        return line.Split(' ', 2) switch
        {
            ["Bearer", { Length: > 0 } token] when token.All(static one => one is > ' ' and < '\u007f') => new AuthenticationHeaderValue("Bearer", token),
            ["Basic", { Length: > 0 } pair] when pair.Contains(':', StringComparison.Ordinal) =>
                new AuthenticationHeaderValue("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(pair))),
            _ => throw new ForeignArchiveException("The file with the credentials says neither 'Basic NAME:PASSWORD' nor 'Bearer TOKEN'.", isRefusal: false, null),
        };
    }
}
