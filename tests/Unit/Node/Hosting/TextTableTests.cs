using Panal.Node.Hosting;

namespace Panal.Unit.Node.Hosting;

public sealed class TextTableTests
{
    [Fact]
    public void A_table_that_is_not_on_a_terminal_is_plain_columns()
    {
        var output = new StringWriter();
        TextTable.Write(output, ["A", "Long heading"], [["wider", "x"], ["", "y"]]);
        Assert.Equal("A      Long heading\nwider  x\n       y\n", output.ToString());
    }
}
