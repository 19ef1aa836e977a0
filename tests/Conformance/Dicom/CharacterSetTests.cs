using System.Text.Json;
using Panal.Conformance.Witnesses;
using Panal.Dicom;
using Panal.Dicom.Text;

namespace Panal.Conformance.Dicom;

/// <summary>Text of the corpus as pydicom reads it.</summary>
public sealed class CharacterSetTests
{
    [Fact]
    public async Task Text_of_the_corpus_is_read_as_pydicom_reads_it()
    {
        var names = Corpus.Names.Where(name => !name.StartsWith("malformed", StringComparison.Ordinal)).ToList();
        var lines = await Pydicom.LinesAsync("text", ["text"], names.Select(Corpus.PathOf), TestContext.Current.CancellationToken);
        Assert.Equal(names.Count, lines.Length);
        var (values, beyondAscii) = (0, 0);
        var differences = new List<string>();
        foreach (var (name, line) in names.Zip(lines))
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                continue;
            }

            foreach (var row in document.RootElement.EnumerateArray())
            {
                var vr = Enum.Parse<Vr>(row[1].GetString()!);
                var terms = row[2].EnumerateArray().Select(term => term.GetString()!).ToArray();
                var bytes = Convert.FromHexString(row[3].GetString()!);
                var text = CharacterSets.ForTerms(terms).Decode(bytes, vr);
                values++;
                beyondAscii += bytes.AsSpan().ContainsAnyInRange((byte)0x80, (byte)0xFF) || bytes.Contains((byte)0x1B) ? 1 : 0;
                if (Comparable(text) != Comparable(row[4].GetString()!))
                {
                    differences.Add($"{name} {row[0]} {vr} {string.Join('\\', terms)}: {Convert.ToHexString(bytes)}");
                }
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{values} values, {beyondAscii} beyond ASCII");
        Assert.Empty(differences);
        Assert.True(values > 20_000 && beyondAscii > 40);
    }

    /// <summary>Without padding and empty groups of a name at its end, which pydicom takes away in other places.</summary>
    private static string Comparable(string text) => string.Join('\\', text.Split('\\').Select(part => part.Trim(' ', '\0').TrimEnd('=')));
}
