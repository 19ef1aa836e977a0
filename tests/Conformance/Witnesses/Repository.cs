namespace Panal.Conformance.Witnesses;

/// <summary>Places in this repository and beside it.</summary>
internal static class Repository
{
    /// <summary>The folder that holds Panal.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The executable under test: PANAL_EXECUTABLE, else the newer of artifacts/panal and the one built with these tests.</summary>
    public static string Executable { get; } = FindExecutable();

    public static string Combine(params string[] names) => Path.Combine([Root, .. names]);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Panal.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("no folder above the tests holds Panal.slnx");
    }

    private static string FindExecutable()
    {
        string configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        string built = Combine("artifacts", "build", "bin", "Node", configuration, "panal");
        string published = Combine("artifacts", "panal");
        bool publishedIsCurrent = File.Exists(published)
            && (!File.Exists(built) || File.GetLastWriteTimeUtc(published) >= File.GetLastWriteTimeUtc(Path.ChangeExtension(built, ".dll")));
        return Environment.GetEnvironmentVariable("PANAL_EXECUTABLE") ?? (publishedIsCurrent ? published : built);
    }
}
