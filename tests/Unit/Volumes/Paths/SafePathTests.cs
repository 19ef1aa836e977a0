using Panal.Volumes;

namespace Panal.Unit.Volumes.Paths;

public sealed class SafePathTests
{
    public static TheoryData<string> Odd => new(
        "", ".", "..", "../x", "..\\x", "../../etc/passwd", "/etc/passwd", "C:\\x", "C:", "a/b", "a\\b", "nul\0byte", "\0", "%2e%2e", "%2e%2e%2f",
        "trailing.", "TRAILING.", "trailing ", "TRAILING ", " LEADING", "CON", "con", "PRN", "AUX", "NUL", "COM1", "LPT9", "CON.DCM", "NUL.1.2",
        ".HIDDEN", ".panal", "-RF", "lower", "Mixed", "~", "~/x", "A~B", "\u0130", "\uFF0E\uFF0E\uFF0Fx", "\u2024\u2024", "\u0410\u0412", "A\u200BB",
        "a\u0301", "\u00E1", "\uD800", "\r\n", "\t", "*", "?", "a:b", "|", "<x>", "\"", "$(id)", "`id`", new string('A', 65), new string('A', 300),
        new string('.', 300), new string('1', 10_000));

    [Theory]
    [MemberData(nameof(Odd))]
    public void An_odd_text_becomes_a_safe_hash_name(string text)
    {
        var name = SafePath.Component(text);
        Assert.Matches("^[0-9A-Za-z_-]{0,24}~[0-9a-f]{32}$", name);
        Assert.True(name.Length <= SafePath.ComponentLimit);
        Assert.True(SafePath.IsValid(name));
        Assert.True(SafePath.IsValid($"P/{name}/{name}.dcm"));
    }

    [Theory]
    [InlineData("1.2.840.10008.5.1.4.1.1.2")]
    [InlineData("PAT-0001")]
    [InlineData("12345_6")]
    [InlineData("COM10")]
    [InlineData("CONSOLE")]
    [InlineData("0")]
    public void An_ordinary_identifier_stays_as_it_is(string text) => Assert.Same(text, SafePath.Component(text));

    [Fact]
    public void The_longest_UID_stays_as_it_is()
    {
        var uid = "1.2." + new string('3', 60);
        Assert.Equal(uid, SafePath.Component(uid));
    }

    [Fact]
    public void Different_texts_never_share_a_name_not_even_where_case_is_ignored()
    {
        string[] texts =
        [
            "GARCIA", "Garcia", "garcia", "GARCIA ", "GARCIA.", "Garc\u00EDa", "Garci\u0301a", "a/b", "a\\b", "a_b", "A_B", "a b",
            SafePath.Component("garcia"), SafePath.Component("garcia").ToUpperInvariant(), .. Odd.Select(row => row.Data),
        ];
        var names = texts.Distinct(StringComparer.Ordinal).Select(SafePath.Component).ToList();
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Any_text_at_all_gives_a_name_that_may_be_used()
    {
        var random = new Random(7);
        for (var round = 0; round < 5_000; round++)
        {
            var text = string.Create(random.Next(80), random, static (span, source) =>
            {
                foreach (ref var character in span)
                {
                    character = (char)source.Next(source.Next(4) == 0 ? 0x10000 : 0x80);
                }
            });
            var name = SafePath.Component(text);
            Assert.True(SafePath.IsValid(name), name);
            Assert.Equal("/root/" + name, Path.GetFullPath(Path.Combine("/root", name)));
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("P/1.2/1.2.3/1.2.3.4.dcm")]
    [InlineData("2026/11/23/x~00.dcm")]
    [InlineData("Ñandú/ü")]
    public void A_relative_path_of_plain_components_may_be_used(string path) => Assert.True(SafePath.IsValid(path));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/..")]
    [InlineData("a/../b")]
    [InlineData("./a")]
    [InlineData(".panal/parts/1")]
    [InlineData("a/.b")]
    [InlineData("a\\b")]
    [InlineData("C:/a")]
    [InlineData("a/b ")]
    [InlineData("a/b.")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    public void A_path_that_could_mean_something_else_may_not(string? path) => Assert.False(SafePath.IsValid(path));

    [Fact]
    public void Lengths_are_limited_for_the_path_and_for_each_component()
    {
        Assert.True(SafePath.IsValid(new string('a', 255)));
        Assert.False(SafePath.IsValid(new string('a', 256)));
        Assert.True(SafePath.IsValid(new string('é', 127)));
        Assert.False(SafePath.IsValid(new string('é', 128)));
        var longest = string.Join('/', Enumerable.Repeat(new string('a', 127), 8)) + "/";
        Assert.Equal(SafePath.PathLimitBytes, longest.Length);
        Assert.True(SafePath.IsValid(longest[..^1]));
        Assert.False(SafePath.IsValid(longest + "a"));
    }
}
