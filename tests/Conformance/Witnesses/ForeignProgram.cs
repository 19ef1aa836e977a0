using System.Diagnostics;
using System.Text;

namespace Panal.Conformance.Witnesses;

/// <summary>What a finished program said.</summary>
internal sealed record ProgramResult(string CommandLine, int ExitCode, string Output, string Errors)
{
    /// <summary>Both streams, for programs that log to either.</summary>
    public string Everything => Output + Errors;

    /// <summary>Fails the test with the program's own words unless it ended with 0.</summary>
    public ProgramResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"{CommandLine}\nexit code {ExitCode}\n{Tail(Everything)}");
        return this;
    }

    private static string Tail(string text) => text.Length <= 6000 ? text : text[^6000..];
}

/// <summary>Programs of other authors that are installed on this machine.</summary>
internal static class ForeignProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Returns the full path of a program, or null when it is not installed.</summary>
    public static string? Find(string name)
    {
        // Debian's own Python sees Debian's pydicom; another python3 earlier in PATH does not.
        string[] debianFirst = name == "python3" ? ["/usr/bin"] : [];
        string[] folders = [.. debianFirst, .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/bin", "/usr/sbin"];
        return folders.Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>Returns the full path of a program, or skips the test.</summary>
    public static string Require(string name)
    {
        string? path = Find(name);
        Assert.SkipWhen(path is null, $"{name} is not installed on this machine");
        return path!;
    }

    /// <summary>Runs a program to its end and returns what it said; skips the test when it is not installed.</summary>
    /// <param name="name">Its name, or its path.</param>
    /// <param name="arguments">What it is called with.</param>
    /// <param name="ct">Kills it.</param>
    /// <param name="workingDirectory">Where it starts; the folder of temporary files when null.</param>
    /// <param name="limit">How long it may take; two minutes when null.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="encoding">That of what it prints; UTF-8 when null.</param>
    /// <exception cref="TimeoutException">It did not end within its time; it is killed then.</exception>
    public static async Task<ProgramResult> RunAsync(
        string name, IEnumerable<string> arguments, CancellationToken ct, string? workingDirectory = null, TimeSpan? limit = null, string input = "", Encoding? encoding = null)
    {
        var start = new ProcessStartInfo(name.Contains('/') ? name : Require(name), arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = encoding ?? Encoding.UTF8,
            StandardErrorEncoding = encoding ?? Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            WorkingDirectory = workingDirectory ?? Path.GetTempPath(),
        };
        string commandLine = $"{Path.GetFileName(name)} {string.Join(' ', start.ArgumentList)}";
        using var process = Process.Start(start)!;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(limit ?? Limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), timeout.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(timeout.Token);
            return new ProgramResult(commandLine, process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException late) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"{commandLine} did not end within {limit ?? Limit}", late);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
