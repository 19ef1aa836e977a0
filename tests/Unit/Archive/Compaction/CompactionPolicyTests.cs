using Panal.Archive.Compaction;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Unit.Archive.Compaction;

public sealed class CompactionPolicyTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly CompactionOptions Options = new() { ExceptSources = ["OLD_CT"] };

    [Theory]
    [InlineData("CT")]
    [InlineData("MR")]
    [InlineData("CR")]
    [InlineData("DX")]
    [InlineData("MG")]
    [InlineData("US")]
    public void Uncompressed_images_of_the_usual_modalities_are_compacted_when_they_are_an_hour_old(string modality)
    {
        Assert.Equal(CompactionVerdict.Compact, Decide(Candidate() with { Modality = modality }));
        Assert.Equal(CompactionVerdict.Later, Decide(Candidate() with { Modality = modality, ReceivedAt = Now.AddMinutes(-59) }));
    }

    [Fact]
    public void Other_modalities_and_named_senders_stay_as_they_are()
    {
        Assert.Equal(CompactionVerdict.NotWanted, Decide(Candidate() with { Modality = "SR" }));
        Assert.Equal(CompactionVerdict.NotWanted, Decide(Candidate() with { SourceAeTitle = "OLD_CT" }));
    }

    [Fact]
    public void What_is_compressed_already_is_never_looked_at_again() =>
        Assert.Equal(CompactionVerdict.NotApplicable, Decide(Candidate() with { TransferSyntaxUid = Uids.JPEG2000 }));

    [Theory]
    [InlineData(CopyState.Staged)]
    [InlineData(CopyState.Damaged)]
    [InlineData(CopyState.Missing)]
    [InlineData(CopyState.Nearline)]
    public void Bytes_in_doubt_or_not_at_hand_wait(CopyState state) =>
        Assert.Equal(CompactionVerdict.Later, Decide(Candidate() with { Copy = Candidate().Copy with { State = state } }));

    private static CompactionVerdict Decide(CompactionCandidate candidate) => CompactionPolicy.Decide(candidate, Options, Options.MinimumAge, Now);

    private static CompactionCandidate Candidate() => new(
        1, "1.2", Uids.ExplicitVRLittleEndian, "CT", "CT1", Now.AddHours(-1), new CopyRecord(1, "a.dcm", 10, new byte[32], 0, CopyState.Online));
}
