using Panal.DicomWeb;
using Panal.ServiceClasses.Tables;

namespace Panal.Unit.ServiceClasses.Tables;

public sealed class ConformanceStatementTests
{
    [Fact]
    public void The_page_in_the_repository_is_what_the_tables_say()
    {
        var file = Path.Combine(RepositoryRoot(), "CONFORMANCE.md");
        var generated = ConformanceStatement.Generate() + DicomWebStatement.Generate();
        if (Environment.GetEnvironmentVariable("PANAL_WRITE_GOLDEN") == "1")
        {
            File.WriteAllText(file, generated);
        }

        Assert.Equal(File.ReadAllText(file), generated);
    }

    [Fact]
    public void No_status_stands_twice_in_one_operation()
    {
        foreach (var operation in ServiceClassTable.All.SelectMany(service => service.Statuses))
        {
            Assert.Equal(operation.Rows.Count, operation.Rows.DistinctBy(status => status.Code).Count());
        }
    }

    [Fact]
    public void The_kind_of_every_status_follows_from_its_code()
    {
        foreach (var status in ServiceClassTable.All.SelectMany(service => service.Statuses).SelectMany(operation => operation.Rows))
        {
            Assert.Equal(status.Kind, ServiceStatus.KindOf(status.Code));
        }
    }

    internal static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Panal.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no folder above the tests holds Panal.slnx");
        }

        return folder.FullName;
    }
}
