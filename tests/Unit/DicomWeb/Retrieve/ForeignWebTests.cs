using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Retrieve;
using Panal.DicomWeb;
using Panal.DicomWeb.Retrieve;
using Panal.Security.Audit;
using Panal.Unit.Archive;

namespace Panal.Unit.DicomWeb.Retrieve;

/// <summary>The client of WADO-RS beside our own server, and beside one that does what it should not.</summary>
public sealed class ForeignWebTests
{
    private const string Multipart = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: multipart/related; type=\"application/dicom\"; boundary=b\r\n\r\n";

    private static readonly Sample Sample = new() { StudyInstanceUid = "1.1", SeriesInstanceUid = "1.1.1", SopInstanceUid = "1.1.1.1" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_series_and_single_instances_come_as_they_are_stored_there()
    {
        await using var there = await WebArchive.OpenAsync();
        for (var i = 1; i <= 3; i++)
        {
            await there.Archive.StoreAsync(Sample with { SopInstanceUid = $"1.1.1.{i}", Pixel = (byte)i });
        }

        await using var here = await Receiver.OpenAsync();
        await here.Client.RetrieveAsync(Address(there.Client.BaseAddress!), "1.1", "1.1.1", ["1.1.1.2"], Ct);
        Assert.Equal(["1.1.1.2"], here.Held("1.1.1.1", "1.1.1.2", "1.1.1.3"));
        await here.Client.RetrieveAsync(Address(there.Client.BaseAddress!), "1.1", "1.1.1", [], Ct);
        Assert.Equal(["1.1.1.1", "1.1.1.2", "1.1.1.3"], here.Held("1.1.1.1", "1.1.1.2", "1.1.1.3"));
        Assert.Equal("PACS", here.Archive.Holdings.Catalogue.FindInstance("1.1.1.1")!.SourceAeTitle);
        foreach (var uid in (string[])["1.1.1.1", "1.1.1.3"])
        {
            Assert.Equal(
                there.Archive.Holdings.Catalogue.FindInstance(uid)!.Copy!.Hash.ToArray(), here.Archive.Holdings.Catalogue.FindInstance(uid)!.Copy!.Hash.ToArray());
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/inside\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: multipart/related\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData(Multipart + "nothing", true)]
    [InlineData(Multipart + "--b\r\nContent-Type: application/dicom\r\n\r\nDIC", true)]
    [InlineData("nonsense\r\n\r\n", false)]
    [InlineData("", false)]
    public async Task What_is_no_answer_is_told_as_that(string answer, bool isRefusal)
    {
        await using var here = await Receiver.OpenAsync();
        using var server = new Scripted(Encoding.Latin1.GetBytes(answer));

        var fault = await Assert.ThrowsAsync<ForeignArchiveException>(() => here.Client.RetrieveAsync(Address(server.Url), "1.1", "1.1.1", [], Ct));

        Assert.Equal(isRefusal, fault.IsRefusal);
        Assert.DoesNotContain("1.1.1", fault.Message, StringComparison.Ordinal);

        // A connection that ends without a word is tried again by the platform; a redirection is not followed.
        Assert.All(server.Requests, static request => Assert.StartsWith("GET /pacs/studies/1.1/series/1.1.1 HTTP/1.1\r\n", request, StringComparison.Ordinal));
        Assert.InRange(server.Requests.Count, 1, answer.Length == 0 ? 10 : 1);
    }

    [Fact]
    public async Task What_is_of_another_study_or_no_image_is_not_taken_and_the_rest_is()
    {
        await using var here = await Receiver.OpenAsync();
        var parts = new MemoryStream();
        parts.Write(Encoding.Latin1.GetBytes(Multipart));
        foreach (var part in (byte[][])[FileOf(Sample with { StudyInstanceUid = "1.2", SopInstanceUid = "1.2.1.1" }), "text"u8.ToArray(), FileOf(Sample)])
        {
            parts.Write("\r\n--b\r\nContent-Type: application/dicom\r\n\r\n"u8);
            parts.Write(part);
        }

        parts.Write("\r\n--b--\r\n"u8);
        using var server = new Scripted(parts.ToArray());
        await here.Client.RetrieveAsync(Address(server.Url), "1.1", "1.1.1", [], Ct);
        Assert.Equal(["1.1.1.1"], here.Held("1.1.1.1", "1.2.1.1"));
        Assert.Equal("GET /pacs/studies/1.1/series/1.1.1 HTTP/1.1", server.Requests.Single().Split("\r\n")[0]);
        Assert.Contains("Accept: multipart/related; type=\"application/dicom\"; transfer-syntax=*", server.Requests.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic panal:secret", "Authorization: Basic cGFuYWw6c2VjcmV0")]
    [InlineData("Bearer abc.def\nsecond line", "Authorization: Bearer abc.def")]
    public async Task Credentials_come_from_a_file(string content, string header)
    {
        await using var here = await Receiver.OpenAsync();
        using var server = new Scripted("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        var file = here.Secret(content);

        await Assert.ThrowsAsync<ForeignArchiveException>(() => here.Client.RetrieveAsync(Address(server.Url, file), "1.1", "1.1.1", [], Ct));
        Assert.Contains(header, server.Requests.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("Basic secret")]
    [InlineData("Bearer a b")]
    public async Task A_file_without_credentials_sends_nothing(string content)
    {
        await using var here = await Receiver.OpenAsync();
        using var server = new Scripted([]);
        await Assert.ThrowsAsync<ForeignArchiveException>(() => here.Client.RetrieveAsync(Address(server.Url, here.Secret(content)), "1.1", "1.1.1", [], Ct));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Credentials_that_others_can_read_or_that_are_too_long_are_not_used()
    {
        await using var here = await Receiver.OpenAsync();
        using var server = new Scripted([]);
        var open = here.Secret("Bearer abc");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            await Assert.ThrowsAsync<ForeignArchiveException>(() => here.Client.RetrieveAsync(Address(server.Url, open), "1.1", "1.1.1", [], Ct));
        }

        var longest = here.Secret("Bearer " + new string('a', ForeignWeb.CredentialsLimitBytes - 6));
        await Assert.ThrowsAsync<ForeignArchiveException>(() => here.Client.RetrieveAsync(Address(server.Url, longest), "1.1", "1.1.1", [], Ct));
        await Assert.ThrowsAsync<ForeignArchiveException>(() => here.Client.RetrieveAsync(Address(server.Url, "/nowhere"), "1.1", "1.1.1", [], Ct));
        Assert.Empty(server.Requests);
    }

    private static byte[] FileOf(Sample sample) => Store.StoreResourceTests.File(sample);

    private static ForeignWebAddress Address(Uri root, string credentials = "") => new("PACS", root, credentials);

    private sealed class Receiver : IAsyncDisposable
    {
        private readonly AuditTrail _audit;

        private Receiver(TemporaryArchive archive)
        {
            Archive = archive;
            _audit = new AuditTrail(Path.Combine(archive.Directory, "audit"), new AuditSource("test", ""), TimeProvider.System);
            Client = new ForeignWeb(archive.Ingester, _audit, new DicomWebOptions { AETitle = "PANAL" }, NullLogger<ForeignWeb>.Instance);
        }

        public TemporaryArchive Archive { get; }

        public ForeignWeb Client { get; }

        public static async Task<Receiver> OpenAsync() => new(await TemporaryArchive.OpenAsync());

        public IEnumerable<string> Held(params string[] uids) => uids.Where(uid => Archive.Holdings.Catalogue.FindInstance(uid) is { Copy: not null });

        public string Secret(string content)
        {
            var file = Path.Combine(Archive.Directory, Path.GetRandomFileName());
            File.WriteAllText(file, content);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            return file;
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _audit.DisposeAsync();
            await Archive.DisposeAsync();
        }
    }

    /// <summary>Answers every request with the same bytes and closes.</summary>
    private sealed class Scripted : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly byte[] _answer;
        private readonly Task _serving;

        public Scripted(byte[] answer)
        {
            _answer = answer;
            _listener.Start();
            _serving = ServeAsync();
        }

        public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/pacs/");

        public List<string> Requests { get; } = [];

        public void Dispose()
        {
            _listener.Stop();
            _serving.Wait(TimeSpan.FromSeconds(30));
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var connection = await _listener.AcceptTcpClientAsync();
                    var request = new StringBuilder();
                    var buffer = new byte[4096];
                    while (!request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                    {
                        request.Append(Encoding.Latin1.GetString(buffer, 0, await connection.GetStream().ReadAsync(buffer)));
                    }

                    Requests.Add(request.ToString());
                    await connection.GetStream().WriteAsync(_answer);
                }
            }
            catch (Exception fault) when (fault is SocketException or InvalidOperationException)
            {
                // It was told to stop.
            }
        }
    }
}
