using System.Net;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.Commands;

/// <summary>The commands that work on an archive, on a running node and without one.</summary>
public sealed class ArchiveCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Import_and_verify_work_in_the_running_node()
    {
        var files = Directory.EnumerateFiles(Corpus.CtStudy, "*", SearchOption.AllDirectories).Count();
        await using var node = await PanalNode.StartAsync(Token);

        var first = await RunAsync(node.DataDirectory, "import", Corpus.CtStudy);
        var again = await RunAsync(node.DataDirectory, "import", Corpus.CtStudy);
        var verified = await RunAsync(node.DataDirectory, "verify");

        Assert.Contains($"{files} stored,", first.Succeeded().Output);
        Assert.Contains($"0 stored, {files} already there,", again.Succeeded().Output);
        Assert.Contains($"{files} of {files} files intact", verified.Succeeded().Output);
    }

    [Fact]
    public async Task Import_and_verify_work_without_a_node_and_find_what_was_damaged()
    {
        using var directory = new TemporaryDirectory("import");
        var data = directory.Combine("data");

        (await RunAsync(data, "import", Corpus.CtStudy)).Succeeded();
        var stored = Directory.EnumerateFiles(data, "*.dcm", SearchOption.AllDirectories).ToArray();
        await using (var file = new FileStream(stored[0], FileMode.Open))
        {
            file.Position = file.Length - 1;
            var last = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(last ^ 1));
        }

        var verified = await RunAsync(data, "verify");

        Assert.Equal(1, verified.ExitCode);
        Assert.Contains($"{stored.Length - 1} of {stored.Length} files intact", verified.Output);
        Assert.Contains($"{Path.GetFileNameWithoutExtension(stored[0])} on volume 1: Damaged", verified.Errors);
    }

    [Fact]
    public async Task Refused_files_are_named_with_their_reason_and_the_exit_code_tells()
    {
        using var directory = new TemporaryDirectory("import");
        var source = Directory.CreateDirectory(directory.Combine("source")).FullName;
        File.Copy(Directory.EnumerateFiles(Corpus.CtStudy, "*", SearchOption.AllDirectories).First(), Path.Combine(source, "good"));
        var whole = await ReadAsync(Path.Combine(source, "good"));
        await File.WriteAllBytesAsync(Path.Combine(source, "cut"), whole[..^1000], Token);

        var result = await RunAsync(directory.Combine("data"), "import", source);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("cut: Truncated at byte", result.Errors);
        Assert.Contains("1 stored,", result.Output);
    }

    [Fact]
    public async Task Only_the_socket_of_the_data_folder_takes_orders()
    {
        await using var node = await PanalNode.StartAsync(Token);
        using var client = new HttpClient();

        var answer = await client.PostAsync(new Uri($"http://127.0.0.1:{node.HttpPort}/admin/verify"), null, Token);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(node.DataDirectory, "panal.sock")));
    }

    private static Task<ProgramResult> RunAsync(string data, string command, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(Repository.Executable), $"{Repository.Executable} is not built");
        return PanalNode.RunCommandAsync([command, .. arguments, "--data", data], Token);
    }

    private static async Task<byte[]> ReadAsync(string path)
    {
        await using var file = File.OpenRead(path);
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes, Token);
        return bytes;
    }
}
