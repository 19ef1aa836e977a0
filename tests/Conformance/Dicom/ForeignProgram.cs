using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Panal.Conformance.Dicom;

/// <summary>Runs the programs of others that read DICOM.</summary>
internal static class ForeignProgram
{
    public const string Python = "/usr/bin/python3";

    /// <summary>A script beside the tests.</summary>
    public static string Script(string name) => Path.Combine(Path.GetDirectoryName(SourceFile())!, name);

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Exit code and standard output.</returns>
    public static async Task<(int ExitCode, byte[] Output)> RunAsync(string program, string[] arguments, string input, CancellationToken cancellationToken)
    {
        Assert.SkipUnless(File.Exists(program), $"{program} is not installed");
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        })!;
        using var output = new MemoryStream();
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var copy = process.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await copy;
        await errors;
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, output.ToArray());
    }

    /// <summary>What <c>pydicom_text.py</c> says of files, one line each.</summary>
    public static async Task<string[]> PydicomAsync(string mode, IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        var (exitCode, output) = await RunAsync(Python, [Script("pydicom_text.py"), mode], string.Concat(paths.Select(path => path + "\n")), cancellationToken);
        Assert.SkipUnless(exitCode == 0, "python3-pydicom is not installed");
        return Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string SourceFile([CallerFilePath] string path = "") => path;
}
