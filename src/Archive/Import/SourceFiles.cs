using Panal.Dicom;

namespace Panal.Archive.Import;

/// <summary>One file to import.</summary>
/// <param name="FullPath">Where it is.</param>
/// <param name="Path">Path below the imported directory, with <c>/</c>.</param>
/// <param name="LengthBytes">Its length.</param>
internal sealed record SourceFile(string FullPath, string Path, long LengthBytes);

/// <summary>
/// Finds the files of a directory. Where a DICOMDIR lies, it says what belongs to the file-set (PS3.10 §8); elsewhere every file counts.
/// Symbolic links are never followed: a medium from outside must not reach into this machine.
/// </summary>
internal static class SourceFiles
{
    private const string DirectoryFileName = "DICOMDIR";

    /// <summary>A medium with more levels than this is a trap, not a file-set.</summary>
    private const int DepthLimit = 64;

    /// <summary>All files below <paramref name="root"/>, and what is missing although a DICOMDIR names it.</summary>
    /// <param name="root">A directory, or one file.</param>
    /// <param name="report">Gets each file that is named but absent, or lies outside.</param>
    /// <param name="ct">Stops the walk.</param>
    public static IEnumerable<SourceFile> Below(string root, Action<ImportedFile> report, CancellationToken ct)
    {
        if (File.Exists(root))
        {
            return [new SourceFile(Path.GetFullPath(root), Path.GetFileName(root), new FileInfo(root).Length)];
        }

        var top = new DirectoryInfo(root);
        return top.Exists ? Walk(top, "", 0, report, ct) : throw new DirectoryNotFoundException($"There is no directory {root}");
    }

    private static IEnumerable<SourceFile> Walk(
        DirectoryInfo directory, string prefix, int depth, Action<ImportedFile> report, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var index = directory.EnumerateFiles().FirstOrDefault(IsDirectoryFile);
        if (index is not null && FileSet.TryReadReferencedFiles(index.FullName, out var referenced))
        {
            foreach (var file in Referenced(directory, prefix, referenced, report))
            {
                yield return file;
            }

            yield break;
        }

        foreach (var file in directory.EnumerateFiles().Where(f => f.LinkTarget is null).OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            yield return new SourceFile(file.FullName, prefix + file.Name, file.Length);
        }

        if (depth == DepthLimit)
        {
            yield break;
        }

        foreach (var below in directory.EnumerateDirectories().Where(d => d.LinkTarget is null).OrderBy(d => d.Name, StringComparer.Ordinal))
        {
            foreach (var file in Walk(below, $"{prefix}{below.Name}/", depth + 1, report, ct))
            {
                yield return file;
            }
        }
    }

    private static bool IsDirectoryFile(FileInfo file) =>
        file.LinkTarget is null && string.Equals(file.Name, DirectoryFileName, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<SourceFile> Referenced(
        DirectoryInfo directory, string prefix, IReadOnlyList<string[]> fileIds, Action<ImportedFile> report)
    {
        foreach (var components in fileIds)
        {
            var name = prefix + string.Join('/', components);
            var found = Resolve(directory, components);
            if (found is null)
            {
                report(new ImportedFile(name, 0, ImportedAs.Refused, "The DICOMDIR names it, but it is not there"));
                continue;
            }

            yield return new SourceFile(found.FullName, name, found.Length);
        }
    }

    /// <summary>
    /// Follows a File ID component by component among what the directories really contain, so that <c>..</c>, separators and links
    /// lead nowhere. Media mounted by different systems differ in case and may show a <c>;1</c> version or an extension.
    /// </summary>
    private static FileInfo? Resolve(DirectoryInfo directory, string[] components)
    {
        FileSystemInfo current = directory;
        foreach (var component in components)
        {
            if (current is not DirectoryInfo parent)
            {
                return null;
            }

            var match = parent.EnumerateFileSystemInfos().Where(e => e.LinkTarget is null).FirstOrDefault(e => Means(e.Name, component));
            if (match is null)
            {
                return null;
            }

            current = match;
        }

        return current as FileInfo;
    }

    private static bool Means(string name, string component)
    {
        var bare = name.Split(';')[0].TrimEnd('.');
        return component.Length > 0 && string.Equals(bare, component, StringComparison.OrdinalIgnoreCase);
    }
}
