using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Panal.Archive.Import;

/// <summary>
/// Remembers which files of a directory are done, so that an import that was interrupted goes on where it stopped. One line per file:
/// length, time of last change, path. A file that changed since is imported again.
/// </summary>
/// <remarks>
/// A line that a crash loses costs reading one file again and finding it <see cref="ImportedAs.AlreadyThere"/>; so lines are not synced.
/// </remarks>
internal sealed class ImportLedger : IDisposable
{
    private readonly string _path;
    private readonly HashSet<string> _done;
    private readonly StreamWriter _writer;
    private readonly Lock _lock = new();

    private ImportLedger(string path, HashSet<string> done)
    {
        _path = path;
        _done = done;
        _writer = new StreamWriter(path, append: true, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
    }

    /// <summary>Opens the ledger of one imported directory.</summary>
    /// <param name="folder">Where ledgers are kept.</param>
    /// <param name="root">The imported directory.</param>
    public static ImportLedger Open(string folder, string root)
    {
        Directory.CreateDirectory(folder);
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(root))).AsSpan(0, 8));
        var path = Path.Combine(folder, name + ".done");
        var done = File.Exists(path) ? File.ReadLines(path).ToHashSet(StringComparer.Ordinal) : [];
        return new ImportLedger(path, done);
    }

    public bool Contains(SourceFile file) => _done.Contains(Line(file));

    public void Add(SourceFile file)
    {
        lock (_lock)
        {
            _writer.WriteLine(Line(file));
        }
    }

    /// <summary>Forgets everything: the import is complete, and the next one of this directory looks at every file.</summary>
    public void Complete()
    {
        _writer.Dispose();
        File.Delete(_path);
    }

    public void Dispose() => _writer.Dispose();

    private static string Line(SourceFile file)
    {
        var changed = File.GetLastWriteTimeUtc(file.FullPath).Ticks;
        var path = file.Path.Replace("\n", "\\n", StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"{file.LengthBytes}\t{changed}\t{path}");
    }
}
