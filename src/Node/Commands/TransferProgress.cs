using Spectre.Console;

namespace Panal.Node.Commands;

/// <summary>Shows how far a transfer is: a bar on a terminal, nothing where the output is piped.</summary>
internal static class TransferProgress
{
    /// <summary>Tells the part that is done, of how much in all; both in instances.</summary>
    public delegate void Report(double done, double total);

    /// <summary>Runs work that reports how far it is, with a bar, and gives its last report, null when there was none.</summary>
    /// <param name="output">Where the bar is drawn.</param>
    /// <param name="title">Stands before the bar.</param>
    /// <param name="share">What a report says of the part that is done, and of how much.</param>
    /// <param name="work">The work; it hands over its reports one after the other.</param>
    public static Task<T?> LastReportAsync<T>(TextWriter output, string title, Func<T, (double Done, double Total)> share, Func<Action<T>, Task> work)
        where T : class => RunAsync(output, title, async bar =>
    {
        T? last = null;
        await work(report =>
        {
            last = report;
            var (done, total) = share(report);
            bar(done, total);
        }).ConfigureAwait(false);
        return last;
    });

    /// <summary>Runs a transfer with a bar.</summary>
    public static async Task<T> RunAsync<T>(TextWriter output, string title, Func<Report, Task<T>> transfer)
    {
        if (!ReferenceEquals(output, Console.Out) || Console.IsOutputRedirected)
        {
            return await transfer((_, _) => { }).ConfigureAwait(false);
        }

        return await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(title), maxValue: 1);
                return await transfer((done, total) =>
                {
                    bar.MaxValue = Math.Max(total, 1);
                    bar.Value = done;
                }).ConfigureAwait(false);
            }).ConfigureAwait(false);
    }
}
