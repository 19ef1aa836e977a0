namespace Panal.Unit;

public sealed class ArchitectureTests
{
    [Fact]
    public void The_solution_file_exists() => Assert.True(true);
}
