namespace Panal.Conformance;

public sealed class PlaceholderTests
{
    [Fact]
    public void The_solution_file_exists() => Assert.True(true);
}
