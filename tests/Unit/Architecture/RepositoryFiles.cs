namespace Panal.Unit.Architecture;

/// <summary>The files of the repository that people write.</summary>
internal static class RepositoryFiles
{
    private static readonly HashSet<string> NotOurs = [".git", "artifacts", "bin", "obj", "data", "node_modules", "TestResults", ".vs", ".idea"];

    public static string Root { get; } = FindRoot();

    /// <summary>Paths below a folder, relative to the root, with forward slashes.</summary>
    public static IEnumerable<string> Below(string folder)
    {
        var full = Path.Combine(Root, folder);
        if (!Directory.Exists(full))
        {
            yield break;
        }

        foreach (var file in Directory.EnumerateFiles(full))
        {
            yield return Relative(file);
        }

        foreach (var child in Directory.EnumerateDirectories(full).Where(d => !NotOurs.Contains(Path.GetFileName(d))))
        {
            foreach (var file in Below(Relative(child)))
            {
                yield return file;
            }
        }
    }

    /// <summary>Hand-written C# below src, tests, benchmarks and tools.</summary>
    public static IEnumerable<string> HandWritten => new[] { "src", "tests", "benchmarks", "tools" }
        .SelectMany(Below)
        .Where(f => f.EndsWith(".cs", StringComparison.Ordinal) && !f.EndsWith(".g.cs", StringComparison.Ordinal));

    public static string[] Rooms => [.. Directory.EnumerateDirectories(Path.Combine(Root, "src")).Where(d => Directory.EnumerateFiles(d, "*.csproj").Any()).Select(d => Path.GetFileName(d)).Order()];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Panal.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Panal.slnx");
        }

        return folder;
    }
}
