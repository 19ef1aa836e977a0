using Spectre.Console;

namespace Panal.Node.Commands;

/// <summary>Shows how far a transfer is: a bar on a terminal, nothing where the output is piped.</summary>
internal static class TransferProgress
{
    /// <summary>Tells the part that is done, of how much in all; both in instances.</summary>
    public delegate void Report(double done, double total);

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
