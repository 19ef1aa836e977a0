namespace Panal.Conformance.Witnesses;

/// <summary>A script of ours for node and the packages that it needs; they are installed once into artifacts/witnesses.</summary>
/// <param name="name">Folder of the installation.</param>
/// <param name="script">File in Scripts.</param>
/// <param name="packages">Names with versions.</param>
internal sealed class NpmScript(string name, string script, params string[] packages)
{
    private static readonly SemaphoreSlim Gate = new(1, 1);

    /// <summary>The script where its packages are found; skips the test when they cannot be had.</summary>
    public async Task<string> InstallAsync(CancellationToken ct)
    {
        string folder = Repository.Combine("artifacts", "witnesses", name);
        string installed = Path.Combine(folder, script);
        await Gate.WaitAsync(ct);
        try
        {
            Directory.CreateDirectory(folder);
            if (!packages.All(package => Directory.Exists(Path.Combine(folder, "node_modules", package[..package.LastIndexOf('@')]))))
            {
                ForeignProgram.Require("node");
                ProgramResult result = await ForeignProgram.RunAsync(
                    "npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", .. packages], ct, folder);
                Assert.SkipWhen(result.ExitCode != 0, $"npm cannot install {string.Join(' ', packages)}");
            }

            // A script and its parts: page.js, page-viewer.js.
            foreach (string file in Directory.EnumerateFiles(Repository.Combine("tests", "Conformance", "Witnesses", "Scripts"), Path.GetFileNameWithoutExtension(script) + "*.js"))
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
            }

            return installed;
        }
        finally
        {
            Gate.Release();
        }
    }
}
