using Panal.Archive.Retrieve;
using Panal.DicomWeb;
using Panal.DicomWeb.Retrieve;
using Panal.Security.Audit;
using Panal.Unit.Archive;

namespace Panal.Unit.DicomWeb.Retrieve;

public sealed class MetadataRehearsalTests
{
    private static readonly TimeSpan AllRounds = TimeSpan.FromMilliseconds(1500);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_waits_for_the_first_client_ends_by_itself_and_tells_nobody()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var folder = Path.Combine(archive.Directory, "audit");
        var time = new WaitedTime();
        await using (var audit = new AuditTrail(folder, new AuditSource("test", ""), time))
        {
            var retriever = new Retriever(archive.Holdings.Catalogue, archive.Holdings.Volumes);
            using var rehearsal = new MetadataRehearsal(
                new Holding(retriever), retriever, new AccessAudit(audit, new DicomWebOptions { AETitle = "PANAL" }, time), time);
            await rehearsal.StartAsync(Ct);
            Assert.False(rehearsal.ExecuteTask!.IsCompleted);

            rehearsal.Begin();
            rehearsal.Begin();
            await time.PassAsync(AllRounds, Ct);
            await rehearsal.ExecuteTask.WaitAsync(Ct);
        }

        Assert.False(Directory.Exists(folder) && Directory.EnumerateFiles(folder).Any());
        Assert.Empty(await archive.FilesAsync());
    }
}
