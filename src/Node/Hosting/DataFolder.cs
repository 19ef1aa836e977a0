using Panal.Node.Commands;

namespace Panal.Node.Hosting;

/// <summary>The data folder of a running node: made when missing, and held by one node at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    /// <exception cref="CommandException">It cannot be made or written, or another node holds it.</exception>
    public static DataFolder Open(string path)
    {
        try
        {
            if (!Directory.Exists(path))
            {
                _ = OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, Mode);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Data, $"The data folder {path} cannot be made: {e.Message}");
        }

        var file = System.IO.Path.Combine(path, "node.lock");
        try
        {
            return new DataFolder(path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Data, $"The data folder {path} cannot be written.");
        }
        catch (IOException e)
        {
            throw new CommandException(ExitCode.Data, $"The data folder {path} cannot be used; perhaps another node runs on it. {e.Message}");
        }
    }

    public void Dispose() => _lock.Dispose();
}
