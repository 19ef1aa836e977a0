using Panal.Node.Commands;
using Panal.Node.Hosting;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Hosting;

public sealed class DataFolderTests
{
    [Fact]
    public void One_node_at_a_time_holds_a_data_folder()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("data");
        using (DataFolder.Open(path))
        {
            Assert.Equal(ExitCode.Data, Assert.Throws<CommandException>(() => DataFolder.Open(path)).ExitCode);
        }

        DataFolder.Open(path).Dispose();
    }

    [Fact]
    public void A_data_folder_that_cannot_be_made_is_said_so()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("file"), "");
        Assert.Equal(ExitCode.Data, Assert.Throws<CommandException>(() => DataFolder.Open(folder.File("file/data"))).ExitCode);
    }
}
