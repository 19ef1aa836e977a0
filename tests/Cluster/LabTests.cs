using Panal.Conformance.Witnesses;

namespace Panal.Cluster;

/// <summary>The lab brings up real nodes on slow lines, and what they send one another arrives. How fast is judged by lab/bench, not here.</summary>
public sealed class LabTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_clinics_on_slow_lines_fetch_a_study_at_once_while_a_replica_falsifies_some_of_it()
    {
        LongRun.Only();
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "network namespaces need root");
        Assert.SkipUnless(File.Exists(Repository.Executable), $"{Repository.Executable} is not built");
        ForeignProgram.Require("ip");
        ForeignProgram.Require("ethtool");
        ForeignProgram.Require("storescu");
        using var folder = new TemporaryDirectory("lab");
        var result = await ForeignProgram.RunAsync(
            "/usr/bin/env",
            [
                $"PANAL_LAB_FOLDER={folder.Path}", $"PANAL_EXECUTABLE={Repository.Executable}", "python3", Path.Combine(Repository.Root, "lab", "bench"),
                "--unjudged", "--prefix", "tests", "--slices", "32", "--only", "2 together,1 falsified",
            ],
            Ct,
            limit: Limit);

        // Every file of every receiver was compared with what was stored.
        var told = result.Succeeded().Everything;
        Assert.Contains("2 together", told, StringComparison.Ordinal);
        Assert.Contains("1 falsified", told, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.Path, "plot.svg")));
    }
}
