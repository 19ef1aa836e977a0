using System.Diagnostics;
using System.Text;
using Panal.Conformance.Witnesses;

namespace Panal.Cluster.Nodes;

/// <summary>A command of the executable that waits for somebody, with what it printed so far.</summary>
internal sealed class RunningCommand : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly Lock gate = new();
    private TaskCompletionSource more = New();

    private RunningCommand(Process process) => this.process = process;

    /// <summary>What it printed so far, both streams.</summary>
    public string Output
    {
        get
        {
            lock (gate)
            {
                return output.ToString();
            }
        }
    }

    public static RunningCommand Start(params IEnumerable<string> arguments)
    {
        var started = new Process
        {
            StartInfo = new ProcessStartInfo(Repository.Executable, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            },
            EnableRaisingEvents = true,
        };
        var command = new RunningCommand(started);
        started.OutputDataReceived += (_, e) => command.Take(e.Data);
        started.ErrorDataReceived += (_, e) => command.Take(e.Data);
        started.Start();
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return command;
    }

    /// <summary>True when it runs no more.</summary>
    public bool HasEnded => process.HasExited;

    public void Type(string line) => process.StandardInput.WriteLine(line);

    /// <summary>Waits for a word in its output and returns the rest of that line.</summary>
    public async Task<string> AfterAsync(string word, CancellationToken ct)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(Limit);
        while (true)
        {
            Task next;
            lock (gate)
            {
                next = more.Task;
                var text = output.ToString();
                var at = text.IndexOf(word, StringComparison.Ordinal);
                if (at >= 0 && text.IndexOf('\n', at) is var end and >= 0)
                {
                    return text[(at + word.Length)..end].Trim();
                }
            }

            try
            {
                await next.WaitAsync(late.Token);
            }
            catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
            {
                throw new TimeoutException($"\"{word}\" was not printed:\n{Output}", e);
            }
        }
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> EndAsync(CancellationToken ct)
    {
        await process.WaitForExitAsync(ct).WaitAsync(Limit, ct);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Take(string? line)
    {
        lock (gate)
        {
            if (line is not null)
            {
                output.Append(line).Append('\n');
            }

            var printed = more;
            more = New();
            printed.SetResult();
        }
    }
}
