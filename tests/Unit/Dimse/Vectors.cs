using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Panal.Unit.Dimse;

/// <summary>Reads the hand-typed vectors of tests/vectors; their legend is at the head of each file.</summary>
internal static partial class Vectors
{
    public static string PathOf(string name)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Panal.slnx")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(directory?.FullName ?? throw new DirectoryNotFoundException("Panal.slnx"), "tests", "vectors", name);
    }

    public static byte[] Read(string file, string name)
    {
        var bytes = new List<byte>();
        var inside = false;
        foreach (var line in File.ReadLines(PathOf(file)))
        {
            if (line.StartsWith("= ", StringComparison.Ordinal))
            {
                inside = line[2..].Trim() == name;
                continue;
            }

            if (!inside)
            {
                continue;
            }

            foreach (Match match in Token().Matches(line))
            {
                if (match.ValueSpan[0] == '#')
                {
                    break;
                }

                bytes.AddRange(match.ValueSpan[0] == '"' ? Encoding.ASCII.GetBytes(match.Value.Trim('"')) : Convert.FromHexString(match.Value));
            }
        }

        return bytes.Count > 0 ? [.. bytes] : throw new KeyNotFoundException(name);
    }

    [GeneratedRegex("\"[^\"]*\"|#|[0-9A-Fa-f]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();
}
