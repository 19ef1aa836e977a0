using Panal.Node;
using Panal.Node.Commands;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Commands;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Application_entities_are_added_listed_changed_and_removed()
    {
        var (code, output, _) = await RunAsync("ae", "add", "CT1", "--host", "10.0.0.5", "--port", "104", "--rights", "echo,store", "--description", "Room 3");
        Assert.Equal((ExitCode.Success, "CT1 is registered."), (code, output.Trim()));
        (_, output, _) = await RunAsync("ae", "add", "CT1", "--host", "10.0.0.6");
        Assert.Equal("CT1 is changed.", output.Trim());
        (_, output, _) = await RunAsync("ae", "list");
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Contains("10.0.0.6", lines[1], StringComparison.Ordinal);
        Assert.Equal(ExitCode.Success, (await RunAsync("ae", "remove", "CT1")).Code);
        (code, _, var error) = await RunAsync("ae", "remove", "CT1");
        Assert.Equal((ExitCode.Failure, "CT1 is not registered."), (code, error.Trim()));
    }

    [Theory]
    [InlineData("BAD\\TITLE", "10.0.0.5", "echo")]
    [InlineData("CT1", "not a host", "echo")]
    [InlineData("CT1", "", "echo")]
    [InlineData("CT1", "10.0.0.5", "everything")]
    public async Task A_wrong_registration_is_refused_with_its_reason(string title, string host, string rights)
    {
        var (code, _, error) = await RunAsync("ae", "add", title, "--host", host, "--rights", rights);
        Assert.Equal(ExitCode.Configuration, code);
        Assert.NotEqual("", error);
        Assert.Equal(ExitCode.Success, (await RunAsync("ae", "list")).Code);
    }

    [Fact]
    public async Task The_configuration_is_shown_and_checked()
    {
        var (code, output, _) = await RunAsync("check", "--ae-title", "ARCHIVE");
        Assert.Equal(ExitCode.Success, code);
        Assert.Matches(@"NetworkAE:AETitle\s+ARCHIVE\s+command line", output);
        (code, _, var error) = await RunAsync("check", "--http-port", "99999");
        Assert.Equal(ExitCode.Configuration, code);
        Assert.Contains("HttpPort", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_node_does_not_start_on_a_wrong_configuration()
    {
        var (code, output, error) = await RunAsync("serve", "--dicom-port", "70000");
        Assert.Equal((ExitCode.Configuration, ""), (code, output));
        Assert.Contains("DicomPort", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_command_fails()
    {
        var (code, _, _) = await RunAsync("fly");
        Assert.Equal(ExitCode.Failure, code);
    }

    private async Task<(ExitCode Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        string[] all = arguments[0] == "fly" ? arguments : [.. arguments, "--data", _folder.Path];
        var code = await Program.RunAsync(all, output, error);
        return ((ExitCode)code, output.ToString(), error.ToString());
    }
}
