using System.Globalization;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Panal.Conformance.WireClient;
using Panal.Node.Hosting;
using Panal.Node.Options;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Web;

/// <summary>A node with its HTTP door only, and callers of it.</summary>
internal sealed class WebNode : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private readonly TemporaryFolder _folder = new();

    private readonly Dictionary<string, string?> _settings;

    private bool _isStopped = true;

    private WebNode(Dictionary<string, string?> settings) => _settings = settings;

    /// <summary>The node; a test that wants to look at it stopped stops it with <see cref="StopAsync"/>.</summary>
    public NodeHost Host { get; private set; } = null!;

    public required Uri Address { get; init; }

    public string DataFolder => _folder.File("data");

    public static async Task<WebNode> StartAsync(params (string Setting, string Value)[] more)
    {
        var port = LoopbackPort.Free();
        var settings = new Dictionary<string, string?>
        {
            ["NetworkConnection:Bind"] = "127.0.0.1",
            ["NetworkConnection:DicomPort"] = "0",
            ["NetworkConnection:DicomTlsPort"] = "0",
            ["NetworkConnection:HttpPort"] = port.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (setting, value) in more)
        {
            settings[setting] = value;
        }

        var node = new WebNode(settings) { Address = new Uri($"http://127.0.0.1:{port}") };
        await node.StartAgainAsync();
        return node;
    }

    /// <summary>Starts it with the same settings and data, after <see cref="StopAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        var configuration = NodeConfiguration.Load(DataFolder, _settings);
        Assert.Empty(configuration.Validate());
        Host = await NodeHost.StartAsync(configuration, TimeProvider.System, TestContext.Current.CancellationToken);
        _isStopped = false;
    }

    /// <summary>A browser: it keeps cookies and shows the CSRF token that the log-in gave it.</summary>
    public Browser Open() => new(Address);

    /// <summary>A browser that made the first account, ana, an administrator.</summary>
    public async Task<Browser> SetUpAsync()
    {
        var browser = Open();
        var secret = Host.SetUpAddress()!.Split("#setup=")[1];
        var (status, _) = await browser.SendAsync(HttpMethod.Post, "/api/setup", $$"""{ "secret": "{{secret}}", "name": "ana", "password": "{{Password}}" }""");
        Assert.Equal(HttpStatusCode.OK, status);
        return browser;
    }

    public string Trail() => string.Concat(Directory.GetFiles(_folder.File("data/audit")).Select(File.ReadAllText));

    public async Task StopAsync()
    {
        if (!_isStopped)
        {
            _isStopped = true;
            await Host.StopAsync();
            await Host.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    public sealed class Browser(Uri address) : IDisposable
    {
        private readonly HttpClient _client = new(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = address };

        public string CsrfToken { get; set; } = "";

        public string Token { get; set; } = "";

        /// <summary>Headers that the next requests carry besides.</summary>
        public Dictionary<string, string> Headers { get; } = [];

        /// <summary>Headers of the last answer.</summary>
        public HttpResponseHeaders? Answered { get; private set; }

        public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? json = null)
        {
            using var request = new HttpRequestMessage(method, path);
            if (json is not null)
            {
                request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            }

            if (CsrfToken.Length > 0)
            {
                request.Headers.Add("X-Panal-Csrf", CsrfToken);
            }

            if (Token.Length > 0)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
            }

            foreach (var (name, value) in Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
            Answered = response.Headers;
            var text = await response.Content.ReadAsStringAsync();
            var body = text.StartsWith('{') || text.StartsWith('[') ? JsonDocument.Parse(text).RootElement : default;
            if (body.ValueKind == JsonValueKind.Object && body.TryGetProperty("csrfToken", out var csrf))
            {
                CsrfToken = csrf.GetString()!;
            }

            return (response.StatusCode, body);
        }

        public Task<(HttpStatusCode Status, JsonElement Body)> LogInAsync(string name, string password = Password) =>
            SendAsync(HttpMethod.Post, "/api/session", $$"""{ "name": "{{name}}", "password": "{{password}}" }""");

        public void Dispose() => _client.Dispose();
    }
}
