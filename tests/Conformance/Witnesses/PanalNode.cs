using Panal.Conformance.WireClient;

namespace Panal.Conformance.Witnesses;

/// <summary>The real executable on free loopback ports with a fresh data directory.</summary>
internal sealed class PanalNode : IAsyncDisposable
{
    private const string Ready = "ready";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly TemporaryDirectory directory;
    private readonly string[] options;
    private readonly string executable;
    private IReadOnlyList<string> awaitedLines = [];
    private BackgroundProgram? program;

    private PanalNode(string executable, string aeTitle, string[] options)
    {
        this.executable = executable;
        directory = new TemporaryDirectory("node");
        AeTitle = aeTitle;
        this.options = options;
        DicomPort = LoopbackPort.Free();
        HttpPort = LoopbackPort.Free();
    }

    public string AeTitle { get; }

    public int DicomPort { get; }

    public int HttpPort { get; }

    public string DataDirectory => directory.Combine("data");

    public BackgroundProgram Program => program ?? throw new InvalidOperationException("the node does not run");

    /// <summary>The options that a dcmtk client needs to reach this node.</summary>
    public string[] DcmtkAddress(string callingAeTitle) =>
        ["-aet", callingAeTitle, "-aec", AeTitle, "127.0.0.1", DicomPort.ToString()];

    /// <summary>Starts a node and returns when it has printed "ready".</summary>
    public static Task<PanalNode> StartAsync(CancellationToken ct, string aeTitle = "PANAL", params string[] options) =>
        StartAsync(new PanalNode(Repository.Executable, aeTitle, options), ct);

    /// <summary>Starts the node that ./run built, which has the page.</summary>
    public static Task<PanalNode> StartPublishedAsync(CancellationToken ct, params string[] options) =>
        StartAsync(new PanalNode(Repository.Published, "PANAL", options), ct);

    /// <summary>Starts it with a configuration of its own: the text of panal.json.</summary>
    public static Task<PanalNode> StartConfiguredAsync(string configuration, CancellationToken ct, params string[] options) =>
        StartConfiguredAsync(configuration, [], ct, options);

    /// <summary>The same, and lines of its log can be waited for.</summary>
    public static Task<PanalNode> StartConfiguredAsync(string configuration, IReadOnlyList<string> awaitedLines, CancellationToken ct, params string[] options)
    {
        var node = new PanalNode(Repository.Published, "PANAL", options) { awaitedLines = awaitedLines };
        Directory.CreateDirectory(node.DataDirectory);
        File.WriteAllText(Path.Combine(node.DataDirectory, "panal.json"), configuration);
        return StartAsync(node, ct);
    }

    private static async Task<PanalNode> StartAsync(PanalNode node, CancellationToken ct)
    {
        try
        {
            await node.StartAgainAsync(ct);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the executable on the same data directory and ports.</summary>
    public async Task StartAgainAsync(CancellationToken ct)
    {
        Assert.SkipUnless(File.Exists(executable), $"{executable} is not built");
        string[] arguments =
        [
            "serve", "--data", DataDirectory, "--ae-title", AeTitle,
            "--dicom-port", DicomPort.ToString(), "--dicom-tls-port", "0", "--http-port", HttpPort.ToString(), .. options,
        ];
        program = BackgroundProgram.Start(executable, arguments, directory.Path, [Ready, .. awaitedLines]);
        await program.WaitForLineAsync(Ready, StartLimit, ct);
    }

    /// <summary>Runs a command of the executable to its end.</summary>
    public static Task<ProgramResult> RunCommandAsync(IEnumerable<string> arguments, CancellationToken ct) =>
        ForeignProgram.RunAsync(Repository.Executable, arguments, ct);

    /// <summary>Registers an application entity in this node's address book.</summary>
    public async Task AddApplicationEntityAsync(string title, int port, CancellationToken ct, string host = "127.0.0.1")
    {
        ProgramResult result = await RunCommandAsync(["ae", "add", title, "--host", host, "--port", port.ToString(), "--data", DataDirectory], ct);
        result.Succeeded();
    }

    public async ValueTask DisposeAsync()
    {
        if (program is not null)
        {
            await program.DisposeAsync();
        }

        directory.Dispose();
    }
}
