using System.Buffers;
using Panal.Dicom;

namespace Panal.Conformance.Dicom;

/// <summary>The real files beside the project that tests read in place.</summary>
internal static class Corpus
{
    /// <summary>The root of the project's own tree.</summary>
    public static string? Repository { get; } = FindRepository();

    /// <summary>The folder of DICOM files, or null when the machine has none.</summary>
    public static string? Directory { get; } = Find();

    private static bool IsLong { get; } = Environment.GetEnvironmentVariable("PANAL_LONG") == "1";

    /// <summary>Every file under the folder that shows DICOM, by its path in the folder.</summary>
    public static IReadOnlyList<string> Files { get; } = Directory is null
        ? []
        : [.. System.IO.Directory.EnumerateFiles(Directory, "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith(".gz", StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(Directory, path))
            .Order(StringComparer.Ordinal)];

    /// <summary>A third of the files that a foreign program is started for one by one; all of them in a long run.</summary>
    public static IEnumerable<T> ShareOf<T>(IEnumerable<T> files) => IsLong ? files : files.Where((_, index) => index % 3 == 0);

    /// <summary>How many of so many files a share has.</summary>
    public static int ShareOf(int count) => IsLong ? count : count / 3;

    public static void SkipIfMissing()
    {
        if (Directory is null)
        {
            Assert.Skip("../shared/corpus is not there");
        }
    }

    public static byte[] Read(string name)
    {
        using var file = File.OpenRead(Path.Combine(Directory!, name));
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Reads head and data set.</summary>
    /// <exception cref="DicomFormatException">The file is malformed.</exception>
    public static (FileMetaInformation Meta, ReadOnlyMemory<byte> DataSet) Open(byte[] file)
    {
        FileMeta.TryReadHeader(new ReadOnlySequence<byte>(file), isFinal: true, out var meta, out _);
        return (meta!, file.AsMemory((int)meta!.DataSetOffsetBytes));
    }

    private static string? Find()
    {
        var candidate = Repository is null ? null : Path.GetFullPath(Path.Combine(Repository, "..", "shared", "corpus", "dicom"));
        return System.IO.Directory.Exists(candidate) ? candidate : null;
    }

    private static string? FindRepository()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "global.json")))
            {
                return directory.FullName;
            }
        }

        return null;
    }
}
