namespace Panal.Unit.Volumes;

/// <summary>Where the tree of the project is, seen from the test program.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Panal.slnx")))
            {
                return directory;
            }
        }

        throw new InvalidOperationException("Panal.slnx is not above the test program.");
    }
}
