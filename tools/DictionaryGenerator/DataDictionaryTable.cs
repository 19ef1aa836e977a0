using System.Globalization;
using System.Text.Json;

namespace Panal.DictionaryGenerator;

/// <summary>PS3.6 §6 to §9: elements, and elements of repeating groups by mask.</summary>
internal static class DataDictionaryTable
{
    private sealed record Row(uint Tag, uint Mask, string Vr, string Multiplicity, string Keyword, string Name, bool Retired);

    public static string Generate(JsonElement dictionary, out string tags)
    {
        var rows = dictionary.EnumerateArray().Select(Read).ToList();
        var plain = rows.Where(row => row.Mask == uint.MaxValue).OrderBy(row => row.Tag).ToList();
        var repeating = rows.Where(row => row.Mask != uint.MaxValue)
            .OrderByDescending(row => uint.PopCount(row.Mask)).ThenBy(row => row.Tag).ToList();
        List<Row> all = [.. plain, .. repeating];
        var multiplicities = all.Select(row => row.Multiplicity).Distinct().Order(StringComparer.Ordinal).ToList();
        var text = new TextRows();
        var facts = all.Select(row =>
            (text.Add(row.Keyword + "\t" + row.Name) << 12)
            | (row.Retired ? 1u << 11 : 0)
            | ((uint)multiplicities.IndexOf(row.Multiplicity) << 6)
            | VrCodes.Index(row.Vr)).ToList();
        var byKeyword = Enumerable.Range(0, all.Count).Where(index => all[index].Keyword.Length > 0)
            .OrderBy(index => all[index].Keyword, StringComparer.Ordinal).Select(index => (uint)index);

        var source = new Source("data_dictionary.json (PS3.6)");
        source.Line("public static partial class DataDictionary");
        source.Line("{");
        source.Line($"    private static ReadOnlySpan<byte> VrCodes => \"{VrCodes.All}\"u8;");
        source.Line("");
        source.Line($"    private static ReadOnlySpan<byte> Multiplicities => \"{string.Concat(multiplicities.Select(vm => vm + "\\n"))}\"u8;");
        source.Line("");
        source.Numbers("uint", "TagColumn", plain.Select(row => row.Tag), hexadecimal: true);
        source.Numbers("uint", "RepeatingTagColumn", repeating.Select(row => row.Tag), hexadecimal: true);
        source.Numbers("uint", "RepeatingMaskColumn", repeating.Select(row => row.Mask), hexadecimal: true);
        source.Line("    // Text offset (20 bits), retired (1), multiplicity (5), VR (6); rows of repeating groups follow the plain ones.");
        source.Numbers("uint", "FactColumn", facts, hexadecimal: true);
        source.Numbers("ushort", "RowsByKeyword", byKeyword, hexadecimal: false);
        source.Rows("TextRows", text);
        source.Line("}");
        tags = Tags(all);
        return source.ToString();
    }

    private static string Tags(List<Row> rows)
    {
        // The first element of a repeating group gives it its constant, unless the standard has put another element there.
        var plain = rows.Where(row => row.Mask == uint.MaxValue).Select(row => row.Tag).ToHashSet();
        var source = new Source("data_dictionary.json (PS3.6)");
        source.Line("/// <summary>Every attribute of PS3.6 by its keyword; of a repeating group the first one.</summary>");
        source.Line("public static class Tags");
        source.Line("{");
        foreach (var row in rows
            .Where(row => row.Keyword.Length > 0 && (row.Mask == uint.MaxValue || !plain.Contains(row.Tag))).OrderBy(row => row.Tag))
        {
            source.Line($"    public static Tag {row.Keyword} => new(0x{row.Tag:X8});");
        }

        source.Line("}");
        return source.ToString();
    }

    private static Row Read(JsonElement row)
    {
        var digits = row.GetProperty("tag").GetString()!.Replace("(", "").Replace(")", "").Replace(",", "");
        var tag = uint.Parse(digits.Replace('x', '0'), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var mask = uint.Parse(
            string.Concat(digits.Select(digit => digit == 'x' ? '0' : 'F')), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new Row(
            tag,
            mask,
            row.GetProperty("vr").GetString()!,
            row.GetProperty("vm").GetString()!,
            row.GetProperty("keyword").GetString() ?? "",
            row.GetProperty("name").GetString() ?? "",
            row.GetProperty("retired").GetBoolean());
    }
}
