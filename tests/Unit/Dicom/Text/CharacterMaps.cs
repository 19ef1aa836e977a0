using System.Globalization;
using System.IO.Compression;

namespace Panal.Unit.Dicom.Text;

/// <summary>The mappings of the character sets to Unicode in ../shared/standard/charset, which the code was not made from.</summary>
internal static class CharacterMaps
{
    public static Dictionary<int, char> Read(string name)
    {
        var path = Path.Combine(Folder(), $"{name}_to_UCS.src.gz");
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var map = new Dictionary<int, char>();
        var isInside = false;
        while (reader.ReadLine() is { } line)
        {
            line = line.Split('#')[0].Trim();
            isInside = line == "BEGIN_MAP" || (isInside && line != "END_MAP");
            if (!isInside || !line.StartsWith("0x", StringComparison.Ordinal))
            {
                continue;
            }

            var sides = line.Split('=', StringSplitOptions.TrimEntries);
            var codes = Array.ConvertAll(sides[0].Split('-', StringSplitOptions.TrimEntries), Hexadecimal);
            var character = Hexadecimal(sides[1].TrimEnd('-'));
            for (var code = codes[0]; code <= codes[^1]; code++)
            {
                map[(int)code] = (char)(character + code - codes[0]);
            }
        }

        return map;
    }

    private static uint Hexadecimal(string text) => uint.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string Folder()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var folder = Path.Combine(directory.FullName, "../shared/standard/charset/unicode_maps");
            if (File.Exists(Path.Combine(directory.FullName, "Panal.slnx")) && Directory.Exists(folder))
            {
                return folder;
            }
        }

        Assert.Skip("../shared/standard is absent");
        return "";
    }
}
