using Spectre.Console;

namespace Panal.Node.Hosting;

/// <summary>Prints rows as a table: drawn on a terminal, plain columns anywhere else.</summary>
internal static class TextTable
{
    public static void Write(TextWriter output, string[] headings, IEnumerable<string[]> rows)
    {
        if (ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected)
        {
            Draw(headings, rows);
        }
        else
        {
            WritePlain(output, headings, [.. rows]);
        }
    }

    private static void Draw(string[] headings, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        AnsiConsole.Write(table);
    }

    private static void WritePlain(TextWriter output, string[] headings, string[][] rows)
    {
        var widths = headings.Select((h, i) => rows.Select(r => r[i].Length).Append(h.Length).Max()).ToArray();
        foreach (var row in rows.Prepend(headings))
        {
            output.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        }
    }
}
