using Panal.Conformance.WireClient;

namespace Panal.Conformance.Witnesses;

/// <summary>dcmtk's storage server, which writes what it receives exactly as it came.</summary>
internal sealed class Storescp : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new("storescp");
    private readonly BackgroundProgram program;

    private Storescp(string path, int port, string aeTitle, string[] options)
    {
        Port = port;
        AeTitle = aeTitle;
        program = BackgroundProgram.Start(
            path, ["-aet", aeTitle, "+xa", "-pm", "+B", "-pdu", "131072", "-od", directory.Path, .. options, port.ToString()], directory.Path);
    }

    public int Port { get; }

    public string AeTitle { get; }

    /// <summary>The files received so far.</summary>
    public string[] Files => Directory.GetFiles(directory.Path);

    public string Output => program.Output;

    public static async Task<Storescp> StartAsync(CancellationToken ct, string aeTitle = "STORESCP", params string[] options)
    {
        var server = new Storescp(ForeignProgram.Require("storescp"), LoopbackPort.Free(), aeTitle, options);
        await LoopbackPort.WaitUntilOpenAsync(server.Port, ct);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await program.DisposeAsync();
        directory.Dispose();
    }
}
