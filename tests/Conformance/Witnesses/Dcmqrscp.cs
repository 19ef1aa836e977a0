using Panal.Conformance.WireClient;

namespace Panal.Conformance.Witnesses;

/// <summary>dcmtk's archive: stores, answers queries, and moves to the applications that it knows.</summary>
internal sealed class Dcmqrscp : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new("dcmqrscp");
    private readonly BackgroundProgram program;

    private Dcmqrscp(string path, int port, string aeTitle, IEnumerable<(string Title, int Port)> known)
    {
        Port = port;
        AeTitle = aeTitle;
        string configuration = directory.Combine("dcmqrscp.cfg");
        string hosts = string.Concat(known.Select(peer => $"{peer.Title.ToLowerInvariant()} = ({peer.Title}, 127.0.0.1, {peer.Port})\n"));
        File.WriteAllText(configuration, $"""
            NetworkTCPPort  = {port}
            MaxPDUSize      = 131072
            MaxAssociations = 16
            HostTable BEGIN
            {hosts}HostTable END
            VendorTable BEGIN
            VendorTable END
            AETable BEGIN
            {aeTitle} {directory.CreateSubdirectory("store")} RW (200, 1024mb) ANY
            AETable END

            """);
        program = BackgroundProgram.Start(path, ["-c", configuration, "-v"], directory.Path);
    }

    public int Port { get; }

    public string AeTitle { get; }

    public string Output => program.Output;

    public static async Task<Dcmqrscp> StartAsync(CancellationToken ct, string aeTitle = "DCMQRSCP", params (string Title, int Port)[] known)
    {
        var server = new Dcmqrscp(ForeignProgram.Require("dcmqrscp"), LoopbackPort.Free(), aeTitle, known);
        await LoopbackPort.WaitUntilOpenAsync(server.Port, ct);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await program.DisposeAsync();
        directory.Dispose();
    }
}
