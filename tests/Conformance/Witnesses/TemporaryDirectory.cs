namespace Panal.Conformance.Witnesses;

/// <summary>A fresh directory that disappears with its owner.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory(string purpose) => Path = Directory.CreateTempSubdirectory($"panal-{purpose}-").FullName;

    public string Path { get; }

    public string Combine(params string[] names) => System.IO.Path.Combine([Path, .. names]);

    public string CreateSubdirectory(string name) => Directory.CreateDirectory(Combine(name)).FullName;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A foreign program may still be writing its last file; the directory is the operating system's then.
        }
    }
}
