namespace Panal.Conformance.Witnesses;

/// <summary>Places in this repository and beside it.</summary>
internal static class Repository
{
    /// <summary>The folder that holds Panal.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The executable as ./run leaves it, with the page beside it.</summary>
    public static string Published { get; } = Combine("artifacts", "panal");

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
        bool publishedIsCurrent = File.Exists(Published)
            && (!File.Exists(built) || File.GetLastWriteTimeUtc(Published) >= File.GetLastWriteTimeUtc(Path.ChangeExtension(built, ".dll")));
        return Environment.GetEnvironmentVariable("PANAL_EXECUTABLE") ?? (publishedIsCurrent ? Published : built);
    }
}
