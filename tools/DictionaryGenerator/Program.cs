using System.Text.Json;

namespace Panal.DictionaryGenerator;

/// <summary>Writes src/Dicom/Dictionary/*.g.cs from the standard's tables.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: dotnet run --project tools/DictionaryGenerator -- STANDARD_DIRECTORY TARGET_DIRECTORY");
            return 2;
        }

        var (standard, target) = (arguments[0], arguments[1]);
        Write(target, "DataDictionary.g.cs", DataDictionaryTable.Generate(Read(standard, "data_dictionary.json"), out var tags));
        Write(target, "Tags.g.cs", tags);
        Write(target, "PrivateDictionary.g.cs", PrivateDictionaryTable.Generate(Read(standard, "private_dictionary.json")));
        Write(target, "Uids.g.cs", UidTable.Generate(Read(standard, "uids.json")));
        return 0;
    }

    private static JsonElement Read(string directory, string name)
    {
        using var stream = File.OpenRead(Path.Combine(directory, name));
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    private static void Write(string directory, string name, string text)
    {
        File.WriteAllText(Path.Combine(directory, name), text);
        Console.WriteLine($"{name}: {text.Length} characters");
    }
}
