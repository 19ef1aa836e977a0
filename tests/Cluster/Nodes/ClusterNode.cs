using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Panal.Conformance.WireClient;
using Panal.Conformance.Witnesses;

namespace Panal.Cluster.Nodes;

/// <summary>One real process on loopback ports of its own, with its own data folder.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    /// <summary>A line that shall come over links and feed is waited for so long at most.</summary>
    private static readonly TimeSpan SpreadLimit = TimeSpan.FromSeconds(60);
    private static readonly Regex Served = new(@"^\S*panal_swarm_transfers_sent\S* (?<bytes>[\d.e+]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250);

    private readonly TemporaryDirectory directory = new("cluster");
    private readonly bool canOnlyDial;
    private BackgroundProgram? program;

    private readonly string institution;

    private ClusterNode(string name, bool canOnlyDial, bool isProxied, string institution)
    {
        Name = name;
        this.canOnlyDial = canOnlyDial;
        this.institution = institution;
        DicomPort = LoopbackPort.Free();
        HttpPort = LoopbackPort.Free();
        LinkPort = LoopbackPort.Free();
        Line = isProxied ? new LinkProxy(LinkPort) : null;
    }

    /// <summary>The line by which others reach its links; null when they do so directly.</summary>
    public LinkProxy? Line { get; }

    public string Name { get; }

    public int DicomPort { get; }

    public int HttpPort { get; }

    public int LinkPort { get; }

    public string Data => directory.Combine("data");

    public string Url => $"http://127.0.0.1:{HttpPort}";

    public string Output => program?.Output ?? "";

    /// <summary>Starts a node that is no member of anything.</summary>
    /// <param name="settings">Its panal.json; none when null.</param>
    public static async Task<ClusterNode> StartAsync(
        string name, CancellationToken ct, bool canOnlyDial = false, bool isProxied = false, string institution = "", string? settings = null)
    {
        Assert.SkipUnless(File.Exists(Repository.Executable), $"{Repository.Executable} is not built");
        var node = new ClusterNode(name, canOnlyDial, isProxied, institution);
        try
        {
            if (settings is not null)
            {
                Directory.CreateDirectory(node.Data);
                await File.WriteAllTextAsync(Path.Combine(node.Data, "panal.json"), settings, ct);
            }

            await node.StartAgainAsync(ct);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a node and makes a network on it while it runs.</summary>
    /// <param name="range">Its virtual addresses; those of a network that names none when null.</param>
    /// <returns>The node and the fingerprint of its authority.</returns>
    public static async Task<(ClusterNode Node, string Fingerprint)> StartCentreAsync(CancellationToken ct, bool isProxied = false, string? settings = null, string? range = null)
    {
        var node = await StartAsync("CENTRE", ct, isProxied: isProxied, settings: settings);
        string[] addresses = range is null ? [] : ["--range", range];
        var made = (await node.RunAsync(ct, ["network", "create", "Red Andina", .. node.MemberOptions(), .. addresses])).Succeeded();
        return (node, made.Output.Trim().Split('\n')[^1].Trim());
    }

    /// <summary>Starts the process on the same data folder and ports.</summary>
    public async Task StartAgainAsync(CancellationToken ct)
    {
        string[] arguments =
        [
            "serve", "--data", Data, "--bind", "127.0.0.1", "--dicom-port", Text(DicomPort), "--dicom-tls-port", "0", "--http-port", Text(HttpPort),
            "--link-port", canOnlyDial ? "0" : Text(LinkPort),
        ];
        program = BackgroundProgram.Start(Repository.Executable, arguments, directory.Path, "ready");
        await program.WaitForLineAsync("ready", StartLimit, ct);
    }

    public Task KillAsync() => program!.KillAsync();

    /// <summary>Runs a command on this node's data folder to its end.</summary>
    public Task<ProgramResult> RunAsync(CancellationToken ct, params IEnumerable<string> arguments) =>
        ForeignProgram.RunAsync(Repository.Executable, [.. arguments, "--data", Data], ct);

    /// <summary>Begins to join a network.</summary>
    public RunningCommand Join(ClusterNode centre, params string[] options) => JoinAt(centre.Url, options);

    /// <summary>Begins to join a network whose centre is reached by another address than its own.</summary>
    public RunningCommand JoinAt(string url, params string[] options) =>
        RunningCommand.Start(["join", url, .. MemberOptions(), .. options, "--data", Data]);

    /// <summary>Joins a network, approved by its administrator.</summary>
    /// <param name="role">The role that it is given; what it asks for when null.</param>
    /// <param name="url">Where the centre is reached, if not at its own address.</param>
    public async Task JoinAsync(ClusterNode centre, string fingerprint, CancellationToken ct, string? role = null, string? url = null)
    {
        await using var join = JoinAt(url ?? centre.Url, "--authority", fingerprint);
        var shown = await join.AfterAsync("Authentication string: ", ct);
        string[] given = role is null ? [] : ["--role", role];
        (await centre.RunAsync(ct, ["network", "approve", shown, .. given])).Succeeded();
        Assert.True(await join.EndAsync(ct) == 0, join.Output);
    }

    /// <summary>Waits until the status of the network shows a member in a state, and returns its virtual address.</summary>
    public async Task<string> UntilStateAsync(string member, string state, CancellationToken ct)
    {
        var row = new Regex($@"^{member}\s+\w+\s+(?<address>[\d.]+)\s+{state}\b", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
        var status = await UntilAsync(["network", "status"], row.IsMatch, ct);
        return row.Match(status).Groups["address"].Value;
    }

    /// <summary>Sends one small instance of a study to this node with dcmtk's storescu.</summary>
    public async Task StoreAsync(string studyUid, string patientName, CancellationToken ct, int number = 1, string institution = "", string comment = "", string? patientId = null)
    {
        var file = await MakeAsync(directory.Path, studyUid, number, patientName, ct, institution, comment, patientId: patientId);
        (await ForeignProgram.RunAsync("storescu", ["-aec", "PANAL", "127.0.0.1", Text(DicomPort), file], ct)).Succeeded();
    }

    /// <summary>Sends a study of many small instances to this node in one association.</summary>
    public async Task StoreManyAsync(string studyUid, int instances, CancellationToken ct)
    {
        var folder = directory.CreateSubdirectory("study-" + studyUid);
        for (var number = 1; number <= instances; number++)
        {
            File.Delete((await MakeAsync(folder, studyUid, number, "MANY^OF", ct)).Replace(".dcm", ".dump", StringComparison.Ordinal));
        }

        (await ForeignProgram.RunAsync("storescu", ["-aec", "PANAL", "127.0.0.1", Text(DicomPort), "+sd", folder], ct)).Succeeded();
    }

    /// <summary>Sends a study of instances of random bytes to this node in one association.</summary>
    /// <returns>The folder with the files.</returns>
    public async Task<string> StoreRandomAsync(string studyUid, int instances, int lengthBytes, int seed, CancellationToken ct)
    {
        var folder = directory.CreateSubdirectory("study-" + studyUid);
        var random = new Random(seed);
        var bytes = new byte[lengthBytes];
        var pixels = directory.Combine("pixels.raw");
        for (var number = 1; number <= instances; number++)
        {
            random.NextBytes(bytes);
            await File.WriteAllBytesAsync(pixels, bytes, ct);
            File.Delete((await MakeAsync(folder, studyUid, number, "MANY^OF", ct, pixels: pixels)).Replace(".dcm", ".dump", StringComparison.Ordinal));
        }

        await StoreFolderAsync(folder, ct);
        return folder;
    }

    /// <summary>Sends every file below a folder to this node.</summary>
    public async Task StoreFolderAsync(string folder, CancellationToken ct) =>
        (await ForeignProgram.RunAsync("storescu", ["-aec", "PANAL", "127.0.0.1", Text(DicomPort), "+sd", "+r", folder], ct)).Succeeded();

    /// <summary>Retrieves a study from this node with dcmtk's getscu, as it was sent.</summary>
    /// <returns>The folder with the files.</returns>
    public async Task<string> GetAsync(string studyUid, CancellationToken ct)
    {
        var folder = directory.CreateSubdirectory("got-" + studyUid);
        (await ForeignProgram.RunAsync(
            "getscu",
            [
                "-S", "+B", "-aec", "PANAL", "127.0.0.1", Text(DicomPort), "-od", folder, "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={studyUid}",
            ],
            ct)).Succeeded();
        return folder;
    }

    /// <summary>Searches until the study is known with so many instances.</summary>
    public Task UntilCountedAsync(string studyUid, int instances, CancellationToken ct)
    {
        var count = new Regex($@"IS \[{instances}\s*\]", RegexOptions.None, TimeSpan.FromSeconds(5));
        return UntilAsync(() => FindAsync(studyUid, ct), count.IsMatch, ct);
    }

    /// <summary>How many instances of a study a search at this node finds.</summary>
    public async Task<int> CountAsync(string studyUid, CancellationToken ct)
    {
        var found = (await ForeignProgram.RunAsync(
            "findscu",
            [
                "-S", "-aec", "PANAL", "127.0.0.1", Text(DicomPort), "-k", "QueryRetrieveLevel=IMAGE", "-k", $"StudyInstanceUID={studyUid}",
                "-k", $"SeriesInstanceUID={studyUid}.1", "-k", "SOPInstanceUID",
            ],
            ct)).Succeeded().Everything;
        return found.Split("(Pending)").Length - 1;
    }

    /// <summary>Searches this node with dcmtk's findscu for a study.</summary>
    /// <returns>What findscu printed; it names the study when it was found.</returns>
    public async Task<string> FindAsync(string studyUid, CancellationToken ct) => (await ForeignProgram.RunAsync(
        "findscu",
        [
            "-S", "-aec", "PANAL", "127.0.0.1", Text(DicomPort), "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={studyUid}",
            "-k", "PatientName", "-k", "InstanceAvailability", "-k", "NumberOfStudyRelatedInstances",
        ],
        ct)).Succeeded().Everything;

    /// <summary>Searches until the study is found, which is when its feed has come.</summary>
    public Task<string> UntilFoundAsync(string studyUid, CancellationToken ct) =>
        UntilAsync(() => FindAsync(studyUid, ct), found => found.Contains("Pending", StringComparison.Ordinal), ct);

    /// <summary>Bytes of blocks that this node says it has sent to others since it started.</summary>
    public async Task<double> ServedBytesAsync(CancellationToken ct)
    {
        using var http = new HttpClient { BaseAddress = new Uri(Url) };
        var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), ct);
        var served = Served.Match(metrics);
        Assert.True(served.Success, metrics);
        return double.Parse(served.Groups["bytes"].ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <summary>Repeats a command until its output is as wanted.</summary>
    public Task<string> UntilAsync(string[] arguments, Func<string, bool> isReached, CancellationToken ct) =>
        UntilAsync(async () => (await RunAsync(ct, arguments)).Everything, isReached, ct);

    /// <summary>Reads the audit trail until something stands in it: it is written behind what it tells of.</summary>
    public Task UntilAuditedAsync(string text, CancellationToken ct) => UntilAsync(
        async () => string.Concat(await Task.WhenAll(Directory.GetFiles(Path.Combine(Data, "audit")).Select(file => File.ReadAllTextAsync(file, ct)))),
        trail => trail.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes(text)), StringComparison.Ordinal),
        ct);

    // The one place that asks again: another process tells nobody that it is so far.
    public async Task<string> UntilAsync(Func<Task<string>> ask, Func<string, bool> isReached, CancellationToken ct)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (isReached(answer))
            {
                return answer;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(start) < SpreadLimit, $"{Name}: {answer}\n{Output}");
            await Task.Delay(Again, TimeProvider.System, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (program is not null)
        {
            await program.DisposeAsync();
        }

        if (Line is not null)
        {
            await Line.DisposeAsync();
        }

        directory.Dispose();
    }

    private static async Task<string> MakeAsync(string folder, string studyUid, int number, string patientName, CancellationToken ct, string institution = "", string comment = "", string? pixels = null, string? patientId = null)
    {
        var dump = Path.Combine(folder, $"{studyUid}-{number}.dump");
        var file = Path.ChangeExtension(dump, ".dcm");
        await File.WriteAllTextAsync(dump, $"""
            (0008,0016) UI [1.2.840.10008.5.1.4.1.1.7]
            (0008,0018) UI [{studyUid}.1.{number}]
            (0008,0020) DA [20260301]
            (0008,0030) TM [120000]
            (0008,0050) SH [A1]
            (0008,0060) CS [OT]
            (0008,0080) LO [{institution}]
            (0010,0010) PN [{patientName}]
            (0010,0020) LO [{patientId ?? "P" + studyUid}]
            (0020,000d) UI [{studyUid}]
            (0020,000e) UI [{studyUid}.1]
            (0020,0010) SH [S1]
            (0020,0011) IS [1]
            (0020,0013) IS [{number}]
            (0020,4000) LT [{comment}]
            {(pixels is null ? "" : $"(7fe0,0010) OW ={pixels}")}
            """, ct);
        (await ForeignProgram.RunAsync("dump2dcm", ["--write-xfer-little", dump, file], ct)).Succeeded();
        return file;
    }

    private string[] MemberOptions() =>
    [
        "--name", Name, "--endpoint", canOnlyDial ? "none" : $"127.0.0.1:{Line?.Port ?? LinkPort}", "--link-port", canOnlyDial ? "0" : Text(LinkPort),
        "--institution", institution,
    ];

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
