using System.Diagnostics;
using System.Text.Json;

namespace Panal.Conformance.Witnesses;

/// <summary>An independent reader: the scripts in Witnesses/Scripts, run by Debian's Python with Debian's pydicom.</summary>
internal static class Pydicom
{
    private static readonly SemaphoreSlim Turn = new(1, 1);
    private static Process? frames;

    /// <summary>Runs a script and returns the JSON document that it prints; skips the test when pydicom is missing.</summary>
    public static async Task<JsonElement> RunAsync(string script, IEnumerable<string> arguments, CancellationToken ct)
    {
        ProgramResult result = await ForeignProgram.RunAsync("python3", [PathOf(script), .. arguments], ct);
        return JsonDocument.Parse(Printed(result)).RootElement;
    }

    /// <summary>Runs a script that reads paths from its standard input, and returns the lines that it prints; skips the test when pydicom is missing.</summary>
    public static async Task<string[]> LinesAsync(string script, IEnumerable<string> arguments, IEnumerable<string> paths, CancellationToken ct)
    {
        ProgramResult result = await ForeignProgram.RunAsync("python3", [PathOf(script), .. arguments], ct, input: string.Concat(paths.Select(path => path + "\n")));
        return Printed(result).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Puts one request to the script frames.py, which is started once and ends with the tests: starting pydicom costs more than what it is asked.</summary>
    public static async Task<JsonElement> AskFramesAsync(string[] request, CancellationToken ct)
    {
        await Turn.WaitAsync(ct);
        try
        {
            frames ??= Process.Start(new ProcessStartInfo(ForeignProgram.Require("python3"), [PathOf("frames")])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            await frames.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request).AsMemory(), ct);
            await frames.StandardInput.FlushAsync(ct);
            string? line = await frames.StandardOutput.ReadLineAsync(ct);
            Assert.SkipWhen(line is null, "pydicom is not installed on this machine");
            JsonElement answer = JsonDocument.Parse(line!).RootElement;
            Assert.False(answer.TryGetProperty("error", out JsonElement error), $"{string.Join(' ', request)}: {error}");
            return answer;
        }
        finally
        {
            Turn.Release();
        }
    }

    private static string Printed(ProgramResult result)
    {
        Assert.SkipWhen(result.Errors.Contains("No module named 'pydicom'", StringComparison.Ordinal), "pydicom is not installed on this machine");
        return result.Succeeded().Output;
    }

    private static string PathOf(string script) => Repository.Combine("tests", "Conformance", "Witnesses", "Scripts", script + ".py");
}
