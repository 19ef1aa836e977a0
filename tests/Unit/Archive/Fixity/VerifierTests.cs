using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Fixity;
using Panal.Catalogue;
using Panal.Volumes;

namespace Panal.Unit.Archive.Fixity;

public sealed class VerifierTests
{
    [Fact]
    public async Task Damaged_and_missing_files_are_found_reported_and_remembered()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            await archive.StoreAsync(new Sample { SopInstanceUid = $"1.2.3.4.{i}" });
        }

        var files = await archive.FilesAsync();
        var damaged = files.Single(file => file.Key.EndsWith("/1.2.3.4.1.dcm", StringComparison.Ordinal));
        damaged.Value[200] ^= 0x10;
        File.WriteAllBytes(Path.Combine(archive.VolumeRoot, damaged.Key), damaged.Value);
        File.Delete(Path.Combine(archive.VolumeRoot, files.Keys.Single(path => path.EndsWith("/1.2.3.4.3.dcm", StringComparison.Ordinal))));
        var faults = new List<FaultyCopy>();

        var verifier = new Verifier(archive.Holdings.Catalogue, archive.Holdings.Volumes, TimeProvider.System, NullLogger<Verifier>.Instance);
        var result = await verifier.VerifyAllAsync(
            progress =>
            {
                if (progress.Latest is { } fault)
                {
                    faults.Add(fault);
                }
            },
            TestContext.Current.CancellationToken);

        Assert.Equal((5, 5, 3, true), (result.TotalInstances, result.DoneInstances, result.Intact, result.IsComplete));
        Assert.Equal(
            [("1.2.3.4.1", VerifyOutcome.Damaged), ("1.2.3.4.3", VerifyOutcome.Missing)], faults.Select(fault => (fault.SopInstanceUid, fault.Outcome)));
        Assert.Equal(CopyState.Damaged, archive.Holdings.Catalogue.FindInstance("1.2.3.4.1")!.Copy!.State);
        Assert.Equal(CopyState.Missing, archive.Holdings.Catalogue.FindInstance("1.2.3.4.3")!.Copy!.State);
        Assert.NotNull(archive.Holdings.Catalogue.FindInstance("1.2.3.4.0")!.Copy!.VerifiedAt);
    }
}
