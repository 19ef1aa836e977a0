using System.Text.Json;

namespace Panal.DictionaryGenerator;

/// <summary>PS3.6 Annex A: the UIDs of the standard.</summary>
internal static class UidTable
{
    public static string Generate(JsonElement uids)
    {
        var rows = uids.EnumerateArray()
            .Select(row => (
                Uid: row.GetProperty("uid").GetString()!,
                Keyword: row.GetProperty("keyword").GetString() ?? "",
                Type: row.GetProperty("type").GetString()!,
                Name: row.GetProperty("name").GetString() ?? "",
                Retired: row.GetProperty("retired").GetBoolean()))
            .OrderBy(row => row.Uid, StringComparer.Ordinal)
            .ToList();
        var source = new Source("uids.json (PS3.6 Annex A)");
        source.Line("/// <summary>The UIDs of PS3.6 Annex A by keyword.</summary>");
        source.Line("public static partial class Uids");
        source.Line("{");
        foreach (var row in rows.Where(row => row.Keyword.Length > 0))
        {
            source.Line($"    public const string {row.Keyword} = \"{row.Uid}\";");
        }

        source.Line("");
        var text = new TextRows();
        var offsets = rows
            .Select(row => text.Add($"{row.Uid}\t{row.Keyword}\t{row.Type}\t{(row.Retired ? "R" : "")}\t{row.Name}"))
            .ToList();
        source.Numbers("ushort", "RowOffsets", offsets, hexadecimal: false);
        source.Rows("Rows", text);
        source.Line("}");
        return source.ToString();
    }
}
