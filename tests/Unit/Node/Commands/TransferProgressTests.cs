using Panal.Node.Commands;

namespace Panal.Unit.Node.Commands;

public sealed class TransferProgressTests
{
    private sealed record Step(int Done, bool IsComplete);

    [Fact]
    public async Task Work_that_reports_ends_with_its_last_report()
    {
        var last = await RunAsync(new Step(1, false), new Step(2, true));
        Assert.Equal(new Step(2, true), last);
    }

    [Fact]
    public async Task Work_that_never_reported_has_no_last_report() => Assert.Null(await RunAsync());

    [Fact]
    public async Task What_ends_the_work_ends_the_waiting_for_it() =>
        await Assert.ThrowsAsync<CommandException>(() => TransferProgress.LastReportAsync<Step>(
            TextWriter.Null, "Working", Share, static _ => throw new CommandException(ExitCode.Failure, "Broken off.")));

    private static Task<Step?> RunAsync(params Step[] reports) => TransferProgress.LastReportAsync<Step>(TextWriter.Null, "Working", Share, report =>
    {
        Array.ForEach(reports, report);
        return Task.CompletedTask;
    });

    private static (double Done, double Total) Share(Step step) => (step.Done, 2);
}
