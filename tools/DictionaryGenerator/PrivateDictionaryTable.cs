using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Panal.DictionaryGenerator;

/// <summary>Private elements by creator; an element is known by its group and the last byte of its number (PS3.5 §7.8.1).</summary>
internal static class PrivateDictionaryTable
{
    public static string Generate(JsonElement dictionary)
    {
        var creators = dictionary.EnumerateObject()
            .OrderBy(creator => Encoding.UTF8.GetBytes(creator.Name), Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)))
            .ToList();
        TextRows creatorText = new(), nameText = new();
        List<uint> creatorOffsets = [], firstRows = [], keys = [], names = [];
        foreach (var creator in creators)
        {
            creatorOffsets.Add(creatorText.Add(creator.Name));
            firstRows.Add((uint)keys.Count);
            var elements = new SortedDictionary<uint, (string Vr, string Name)>();
            foreach (var element in creator.Value.EnumerateObject())
            {
                // Elements outside a reserved block cannot be addressed through a creator.
                if (element.Name.Length == 8 && element.Name.AsSpan(4, 2).Equals("xx", StringComparison.OrdinalIgnoreCase)
                    && uint.TryParse(element.Name.Remove(4, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var key)
                    && (key & 0x100) != 0)
                {
                    elements[key] = (element.Value[0].GetString()!, element.Value[2].GetString() ?? "");
                }
            }

            foreach (var (key, (vr, name)) in elements)
            {
                keys.Add((key << 8) | VrCodes.Index(vr));
                names.Add(nameText.Add(name is "Unknown" or "?" ? "" : name));
            }
        }

        firstRows.Add((uint)keys.Count);
        var source = new Source("private_dictionary.json");
        source.Line("public static partial class PrivateDictionary");
        source.Line("{");
        source.Numbers("ushort", "CreatorOffsets", creatorOffsets, hexadecimal: false);
        source.Numbers("ushort", "FirstRows", firstRows, hexadecimal: false);
        source.Line("    // Group (16 bits), element within its block (8), VR (8).");
        source.Numbers("uint", "KeyColumn", keys, hexadecimal: true);
        source.Numbers("uint", "NameColumn", names, hexadecimal: false);
        source.Rows("CreatorRows", creatorText);
        source.Rows("NameRows", nameText);
        source.Line("}");
        return source.ToString();
    }
}
