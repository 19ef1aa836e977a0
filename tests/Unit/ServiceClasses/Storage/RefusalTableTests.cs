using System.Text;
using Panal.Archive.Ingest;
using Panal.ServiceClasses.Storage;
using Panal.Unit.ServiceClasses.Tables;

namespace Panal.Unit.ServiceClasses.Storage;

public sealed class RefusalTableTests
{
    [Fact]
    public void The_golden_file_shows_what_this_door_answers()
    {
        var file = Path.Combine(ConformanceStatementTests.RepositoryRoot(), "docs", "refusals.tsv");
        var expected = new StringBuilder("reason\tDIMSE status\terror comment\n");
        foreach (var refusal in Enum.GetValues<IngestRefusal>())
        {
            var (status, comment) = RefusalTable.Find(refusal);
            expected.Append($"{refusal}\t{status.Code:X4}\t{comment}\n");
        }

        if (Environment.GetEnvironmentVariable("PANAL_WRITE_GOLDEN") == "1")
        {
            File.WriteAllText(file, expected.ToString());
        }

        // Other doors add columns to the right.
        var columns = File.ReadAllLines(file).Select(line => string.Join('\t', line.Split('\t').Take(3)) + "\n");
        Assert.Equal(expected.ToString(), string.Concat(columns));
    }

    [Fact]
    public void Every_comment_fits_its_attribute_and_every_status_is_a_failure()
    {
        foreach (var refusal in Enum.GetValues<IngestRefusal>())
        {
            var (status, comment) = RefusalTable.Find(refusal);
            Assert.InRange(comment.Length, 1, 64);
            Assert.Equal(Panal.ServiceClasses.Tables.StatusKind.Failure, status.Kind);
        }
    }
}
