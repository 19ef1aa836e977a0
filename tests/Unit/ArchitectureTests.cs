using System.Text.RegularExpressions;
using System.Xml.Linq;
using Panal.Unit.Architecture;

namespace Panal.Unit;

/// <summary>Keeps the house as ARCHITECTURE.md and CONTRIBUTING.md describe it.</summary>
public sealed partial class ArchitectureTests
{
    private const int FileLimitBytes = 40 * 1024;
    private const int MethodLimitLines = 70;
    private const int RootEntryLimit = 12;

    private static readonly string[] HomelessNames = ["Utils", "Util", "Helper", "Helpers", "Manager", "Common", "Core", "Base", "Impl", "Info"];

    [Fact]
    public void Rooms_reference_each_other_as_drawn_in_ARCHITECTURE_md()
    {
        var page = RepositoryFiles.Read("ARCHITECTURE.md");
        var rooms = page[page.IndexOf("## The rooms", StringComparison.Ordinal)..page.IndexOf("## One transport", StringComparison.Ordinal)];
        var drawn = TableRow().Matches(rooms).Where(m => m.Groups["room"].Value != "Room").ToDictionary(
            m => m.Groups["room"].Value,
            m => m.Groups["rooms"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Where(r => r != "–").Order().ToArray());
        Assert.Equal(RepositoryFiles.Rooms, drawn.Keys.Order());
        foreach (var room in RepositoryFiles.Rooms)
        {
            var project = XDocument.Parse(RepositoryFiles.Read($"src/{room}/{room}.csproj"));
            var references = project.Descendants("ProjectReference")
                .Select(r => Path.GetFileNameWithoutExtension((string)r.Attribute("Include")!)).Order();
            Assert.True(drawn[room].SequenceEqual(references), $"{room} references {string.Join(", ", references)}");
        }
    }

    [Fact]
    public void Doors_see_neither_rows_nor_bytes_nor_one_another()
    {
        string[] doors = ["ServiceClasses", "DicomWeb", "Jpip", "Hl7"];
        foreach (var door in doors.Intersect(RepositoryFiles.Rooms))
        {
            var project = RepositoryFiles.Read($"src/{door}/{door}.csproj");
            Assert.DoesNotContain(doors.Append("Catalogue").Append("Volumes").Append("Swarm"), r => project.Contains($"/{r}.csproj", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_type_lives_in_the_namespace_of_its_room() => Empty(
        RepositoryFiles.HandWritten
            .Where(f => f.StartsWith("src/", StringComparison.Ordinal))
            .Where(f => Namespace().Match(RepositoryFiles.Read(f)) is { Success: true } m
                && m.Groups["name"].Value.Split('.') is var parts && (parts.Length < 2 || parts[0] != "Panal" || parts[1] != f.Split('/')[1])));

    [Fact]
    public void No_name_says_that_its_code_has_no_home() => Empty(
        RepositoryFiles.HandWritten.SelectMany(f => TypeName().Matches(MethodScanner.Blank(RepositoryFiles.Read(f)))
            .Select(m => m.Groups["name"].Value)
            .Append(Path.GetFileName(Path.GetDirectoryName(f))!)
            .Where(n => HomelessNames.Any(h => n.EndsWith(h, StringComparison.Ordinal)))
            .Select(n => $"{f}: {n}")));

    [Fact]
    public void No_file_is_longer_than_40_KB() => Empty(
        RepositoryFiles.HandWritten.Where(f => new FileInfo(Path.Combine(RepositoryFiles.Root, f)).Length > FileLimitBytes));

    [Fact]
    public void No_method_is_longer_than_70_lines() => Empty(
        RepositoryFiles.HandWritten.SelectMany(f => MethodScanner.Measure(RepositoryFiles.Read(f))
            .Where(m => m.Lines > MethodLimitLines)
            .Select(m => $"{f}:{m.Line}: {m.Lines} lines")));

    [Fact]
    public void A_room_has_at_most_twelve_entries_at_its_root() => Empty(
        RepositoryFiles.Rooms.Where(room => Directory.EnumerateFileSystemEntries(Path.Combine(RepositoryFiles.Root, "src", room))
            .Select(e => Path.GetFileName(e))
            .Count(e => e is not ("bin" or "obj" or "packages.lock.json") && !e.EndsWith(".csproj", StringComparison.Ordinal)) > RootEntryLimit));

    [Fact]
    public void Tests_mirror_the_source_folder_by_folder()
    {
        var source = FoldersWithCode("src/");
        var tests = FoldersWithCode("tests/Unit/");
        // Support of a room's tests stands at the root of its folder, or in Support.
        var strays = tests.Where(t => t.Contains('/') && !source.Contains(t) && !t.EndsWith("/Support", StringComparison.Ordinal)).Select(t => "tests without source: " + t);
        var rooms = source.Select(s => s.Split('/')[0]).Distinct().Where(r => !tests.Any(t => t.Split('/')[0] == r)).Select(r => "room without tests: " + r);
        Empty(strays.Concat(rooms));
    }

    [Fact]
    public void Nothing_unfinished_is_left_and_no_test_waits_by_the_clock() => Empty(
        RepositoryFiles.HandWritten.SelectMany(f => RepositoryFiles.Read(f).Split('\n').Index()
            .Where(l => l.Item.Contains("NotImplemented" + "Exception", StringComparison.Ordinal)
                || Unfinished().IsMatch(l.Item)
                || (f.StartsWith("tests/Unit", StringComparison.Ordinal) && l.Item.Contains("Thread" + ".Sleep", StringComparison.Ordinal)))
            .Select(l => $"{f}:{l.Index + 1}")));

    [Fact]
    public void No_file_names_a_path_of_somebodys_machine()
    {
        // Written apart, so that this file does not name them either.
        var places = new Regex("/t" + "mp/[a-z]|/wo" + "rk/|\\.lib" + "rary", RegexOptions.None, TimeSpan.FromSeconds(10));
        string[] kinds = [".cs", ".md", ".csproj", ".props", ".json", ".py", ".sh", ".yml", ""];
        Empty(RepositoryFiles.Below(".")
            .Where(f => kinds.Contains(Path.GetExtension(f)) && Path.GetFileName(f) is not ("packages.lock.json" or ".git"))
            .Where(f => new FileInfo(Path.Combine(RepositoryFiles.Root, f)).Length < 1024 * 1024 && places.IsMatch(RepositoryFiles.Read(f))));
    }

    [Fact]
    public void Every_page_of_docs_that_is_named_exists() => Empty(
        RepositoryFiles.Below("src").Concat(RepositoryFiles.Below("tests")).Concat(RepositoryFiles.Below("docs")).Concat(Pages)
            .Where(f => Path.GetExtension(f) is ".cs" or ".md" or ".sql")
            .SelectMany(f => Page().Matches(RepositoryFiles.Read(f)).Select(m => (File: f, Page: m.Value)))
            .Where(p => !File.Exists(Path.Combine(RepositoryFiles.Root, p.Page)))
            .Select(p => $"{p.File}: {p.Page}")
            .Distinct());

    [Fact]
    public void Every_page_of_formats_is_pointed_to_by_code()
    {
        var code = string.Join('\n', RepositoryFiles.Below("src").Where(f => Path.GetExtension(f) is ".cs" or ".sql").Select(RepositoryFiles.Read));
        Empty(RepositoryFiles.Below("docs/formats").Where(f => f.EndsWith(".md", StringComparison.Ordinal) && !code.Contains(f, StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_command_of_the_README_exists()
    {
        var commands = Panal.Node.Program.CreateCommands();
        var readme = RepositoryFiles.Read("README.md");
        var scripts = Script().Matches(readme).Select(m => m.Groups["name"].Value).Distinct().ToArray();
        Assert.Contains("run", scripts);
        Assert.Contains("test", scripts);
        Empty(scripts.Where(s => !File.Exists(Path.Combine(RepositoryFiles.Root, s))));
        Empty(Subcommand().Matches(readme).Select(m => m.Groups["name"].Value).Where(n => commands.Subcommands.All(c => c.Name != n)).Distinct());
        foreach (var script in OperatingSystem.IsWindows() ? [] : new[] { "run", "test", ".ci/run" })
        {
            Assert.True(IsExecutable(Path.Combine(RepositoryFiles.Root, script)), script);
        }
    }

    private static bool IsExecutable(string path) =>
        OperatingSystem.IsWindows() || File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute);

    private static IEnumerable<string> Pages => Directory.EnumerateFiles(RepositoryFiles.Root, "*.md").Select(f => Path.GetFileName(f));

    private static HashSet<string> FoldersWithCode(string root) =>
    [
        .. RepositoryFiles.HandWritten
            .Where(f => f.StartsWith(root, StringComparison.Ordinal))
            .Select(f => Path.GetDirectoryName(f[root.Length..])!.Replace('\\', '/'))
            .Where(f => f.Length > 0 && f != "Architecture"),
    ];

    private static void Empty(IEnumerable<string> findings)
    {
        var list = findings.ToArray();
        Assert.True(list.Length == 0, string.Join(Environment.NewLine, list));
    }

    [GeneratedRegex(@"^\| (?<room>[A-Z]\w+) \| (?<rooms>[^|]*) \| [^|]* \|\s*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\b(class|struct|interface|enum|record) (?<name>[A-Z]\w*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"//.*\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\bdocs/[\w/-]+\.(md|tsv)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Page();

    [GeneratedRegex(@"(^|`)\./(?<name>[\w.-]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Script();

    [GeneratedRegex(@"(^|`|artifacts/)panal (?<name>[a-z]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Subcommand();
}
