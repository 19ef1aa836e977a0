using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

using Panal.Conformance.WireClient;
namespace Panal.Conformance.Witnesses;

/// <summary>Orthanc with a generated configuration; driven over its REST API.</summary>
internal sealed class Orthanc : IAsyncDisposable
{
    private const string DicomWebPlugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so";

    private readonly TemporaryDirectory directory = new("orthanc");
    private readonly BackgroundProgram program;
    private readonly HttpClient http;

    private Orthanc(string path, string aeTitle, IEnumerable<(string Title, int Port)> known, Uri? dicomWeb)
    {
        AeTitle = aeTitle;
        DicomPort = LoopbackPort.Free();
        int httpPort = LoopbackPort.Free();
        var modalities = new JsonObject(known.Select(peer =>
            KeyValuePair.Create<string, JsonNode?>(peer.Title, new JsonArray(peer.Title, "127.0.0.1", peer.Port))));
        var configuration = new JsonObject
        {
            ["StorageDirectory"] = directory.CreateSubdirectory("storage"),
            ["IndexDirectory"] = directory.CreateSubdirectory("index"),
            ["HttpPort"] = httpPort,
            [nameof(DicomPort)] = DicomPort,
            ["DicomAet"] = aeTitle,
            ["AuthenticationEnabled"] = false,
            ["RemoteAccessAllowed"] = false,
            ["DicomAlwaysAllowFind"] = true,
            ["DicomAlwaysAllowGet"] = true,
            ["DicomAlwaysAllowMove"] = true,
            ["DicomAlwaysAllowStore"] = true,
            ["UnknownSopClassAccepted"] = true,
            ["DefaultEncoding"] = "Utf8",
            ["DicomModalities"] = modalities,
            ["Plugins"] = new JsonArray(),
            ["SynchronousCMove"] = true,
        };
        if (dicomWeb is not null)
        {
            configuration["Plugins"] = new JsonArray(DicomWebPlugin);
            configuration[nameof(DicomWeb)] = new JsonObject { ["Enable"] = true, ["Servers"] = new JsonObject { ["panal"] = new JsonArray(dicomWeb.ToString()) } };
        }

        string file = directory.Combine("orthanc.json");
        File.WriteAllText(file, configuration.ToJsonString());
        program = BackgroundProgram.Start(path, [file], directory.Path);
        http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{httpPort}/"), Timeout = TimeSpan.FromSeconds(120) };
    }

    public int DicomPort { get; }

    /// <summary>Where its DICOMweb is, when it was started with that.</summary>
    public Uri DicomWeb => new(http.BaseAddress!, "dicom-web");

    public string AeTitle { get; }

    public string Output => program.Output;

    public static async Task<Orthanc> StartAsync(CancellationToken ct, string aeTitle = "ORTHANC", params (string Title, int Port)[] known)
    {
        return await StartedAsync(new Orthanc(ForeignProgram.Require("Orthanc"), aeTitle, known, dicomWeb: null), ct);
    }

    /// <summary>Starts Orthanc with its DICOMweb plugin, which knows the server as "panal"; skips the test when the plugin is not installed.</summary>
    public static async Task<Orthanc> StartWithDicomWebAsync(Uri server, CancellationToken ct, params (string Title, int Port)[] known)
    {
        Assert.SkipUnless(File.Exists(DicomWebPlugin), "orthanc-dicomweb is not installed on this machine");
        return await StartedAsync(new Orthanc(ForeignProgram.Require("Orthanc"), "ORTHANC", known, server), ct);
    }

    private static async Task<Orthanc> StartedAsync(Orthanc server, CancellationToken ct)
    {
        await LoopbackPort.WaitUntilOpenAsync(server.http.BaseAddress!.Port, ct);
        await LoopbackPort.WaitUntilOpenAsync(server.DicomPort, ct);
        return server;
    }

    /// <summary>Gives Orthanc a file over HTTP; returns false when it does not take it.</summary>
    public async Task<bool> UploadAsync(string path, CancellationToken ct)
    {
        using var content = new StreamContent(File.OpenRead(path));
        using HttpResponseMessage response = await http.PostAsync(new Uri("instances", UriKind.Relative), content, ct);
        return response.IsSuccessStatusCode;
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken ct) =>
        await http.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative), ct);

    public async Task<byte[]> GetBytesAsync(string path, CancellationToken ct) =>
        await http.GetByteArrayAsync(new Uri(path, UriKind.Relative), ct);

    /// <summary>Posts a JSON document and returns the answer; fails the test with Orthanc's words otherwise.</summary>
    public async Task<JsonElement> PostAsync(string path, JsonNode document, CancellationToken ct)
    {
        using HttpResponseMessage response = await http.PostAsJsonAsync(new Uri(path, UriKind.Relative), document, ct);
        string answer = await response.Content.ReadAsStringAsync(ct);
        Assert.True(response.IsSuccessStatusCode, $"POST {path}: {(int)response.StatusCode} {answer}\n{Output}");
        return JsonDocument.Parse(answer.Length == 0 ? "{}" : answer).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await program.DisposeAsync();
        directory.Dispose();
    }
}
