using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Panal.Conformance.Witnesses;

/// <summary>A server that runs beside the test and is stopped with it.</summary>
internal sealed partial class BackgroundProgram : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private readonly Process process;
    private readonly ConcurrentQueue<string> lines = new();
    private readonly Dictionary<string, TaskCompletionSource> awaited = new(StringComparer.Ordinal);

    private BackgroundProgram(Process process) => this.process = process;

    public int ProcessId => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>Everything it printed so far.</summary>
    public string Output => string.Join('\n', lines);

    public static BackgroundProgram Start(string path, IEnumerable<string> arguments, string workingDirectory, params IReadOnlyList<string> awaitedLines)
    {
        var started = new Process
        {
            StartInfo = new ProcessStartInfo(path, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = workingDirectory,
            },
            EnableRaisingEvents = true,
        };
        var program = new BackgroundProgram(started);
        foreach (string line in awaitedLines)
        {
            program.awaited[line] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        started.OutputDataReceived += (_, e) => program.Take(e.Data);
        started.ErrorDataReceived += (_, e) => program.Take(e.Data);
        started.Exited += (_, _) => program.FailAwaited();
        started.Start();
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return program;
    }

    /// <summary>Waits until the program has printed the line, alone or at the start of a message of its log.</summary>
    public async Task WaitForLineAsync(string line, TimeSpan limit, CancellationToken ct)
    {
        try
        {
            await awaited[line].Task.WaitAsync(limit, ct);
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{process.StartInfo.FileName} did not print \"{line}\":\n{Output}", e);
        }
    }

    /// <summary>Asks the program to end (SIGTERM) and returns its exit code.</summary>
    public async Task<int> StopAsync(CancellationToken ct)
    {
        if (!process.HasExited)
        {
            _ = kill(process.Id, SigTerm);
            await process.WaitForExitAsync(ct).WaitAsync(StopLimit, ct);
        }

        return process.ExitCode;
    }

    /// <summary>Ends the program at once, as a power loss does to a process (SIGKILL).</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync(CancellationToken.None);
        }
        catch (TimeoutException)
        {
            await KillAsync();
        }

        process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lines.Enqueue(line);
        foreach ((string wanted, TaskCompletionSource seen) in awaited)
        {
            // Behind its category and number, where it is how a message of a log begins.
            if (line.Trim() == wanted || line.Contains("] " + wanted, StringComparison.Ordinal))
            {
                seen.TrySetResult();
            }
        }
    }

    private void FailAwaited()
    {
        foreach (TaskCompletionSource seen in awaited.Values)
        {
            seen.TrySetException(new InvalidOperationException("the program ended"));
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int processId, int signal);
}
