using System.Diagnostics;
using Panal.Catalogue.Matching;

namespace Panal.Unit.Catalogue.Matching;

public sealed class TextPatternTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*", "anything", true)]
    [InlineData("?", "", false)]
    [InlineData("?", "a", true)]
    [InlineData("?", "ab", false)]
    [InlineData("?", "山", true)]
    [InlineData("?", "😀", true)]
    [InlineData("a*", "abc", true)]
    [InlineData("a*", "Abc", false)]
    [InlineData("*c", "abc", true)]
    [InlineData("*c", "abcd", false)]
    [InlineData("a*c", "ac", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("a*b*c", "aXbbYc", true)]
    [InlineData("**a**", "bab", true)]
    [InlineData("%", "abc", false)]
    [InlineData("_", "a", false)]
    [InlineData("100%*", "100% sure", true)]
    [InlineData("[a-z]*", "b", false)]
    public void Stars_and_question_marks_stand_for_characters_and_nothing_else_does(string pattern, string value, bool expected) =>
        Assert.Equal(expected, new TextPattern(pattern, allowsWildcards: true, isName: false).Matches(value.AsSpan()));

    [Theory]
    [InlineData("smith^*", "smith", true)]
    [InlineData("smith^*", "smithson", false)]
    [InlineData("smith^*^*", "smith^john", true)]
    [InlineData("smith^john^*^*^*", "smith^john", true)]
    [InlineData("smith^?*", "smith", false)]
    [InlineData("^john*", "smith^john", false)]
    [InlineData("*^john*", "smith^john", true)]
    public void Empty_components_at_the_end_of_a_name_may_be_asked_for(string pattern, string value, bool expected) =>
        Assert.Equal(expected, new TextPattern(pattern, allowsWildcards: true, isName: true).Matches(value.AsSpan()));

    [Fact]
    public void Without_wildcards_the_characters_are_literal() =>
        Assert.False(new TextPattern("a*", allowsWildcards: false, isName: false).Matches("ab".AsSpan()));

    [Theory]
    [InlineData("abc*", "abc", true)]
    [InlineData("abc?", "abc", false)]
    [InlineData("a*c", "a", false)]
    [InlineData("*", "", true)]
    public void The_text_before_the_first_wildcard_leads_to_the_index(string pattern, string prefix, bool isPrefixOnly)
    {
        var made = new TextPattern(pattern, allowsWildcards: true, isName: false);
        Assert.Equal((prefix, isPrefixOnly), (made.Prefix, made.IsPrefixOnly));
    }

    [Fact]
    public void A_hostile_pattern_is_not_slow()
    {
        var pattern = new TextPattern(string.Concat(Enumerable.Repeat("*?", 1000)) + "b", allowsWildcards: true, isName: true);
        string value = new('a', 4000);
        long start = Stopwatch.GetTimestamp();
        Assert.False(pattern.Matches(value.AsSpan()));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(2));
    }
}
