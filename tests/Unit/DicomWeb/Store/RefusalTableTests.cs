using Panal.Archive.Ingest;
using Panal.DicomWeb.Store;
using Panal.Unit.Architecture;

namespace Panal.Unit.DicomWeb.Store;

public sealed class RefusalTableTests
{
    [Fact]
    public void The_golden_file_shows_what_this_door_answers()
    {
        var rows = RepositoryFiles.Read("docs/refusals.tsv").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).ToArray();
        Assert.Equal("STOW failure reason", rows[0][3]);
        Assert.Equal(
            Enum.GetValues<IngestRefusal>().Select(refusal => (refusal.ToString(), RefusalTable.Find(refusal).ToString("X4"))),
            rows.Skip(1).Select(row => (row[0], row[3])));
    }
}
