using Panal.Catalogue;

namespace Panal.Unit.Catalogue.Records;

/// <summary>Numbers on disk: this list only grows.</summary>
public sealed class PersistedNumbersTests
{
    [Fact]
    public void Stored_numbers_never_change()
    {
        Assert.Equal("Patient=0 Study=1 Series=2 Image=3", Names<QueryLevel>());
        Assert.Equal("Staged=1 Online=2 Nearline=3 Offline=4 Damaged=5 Missing=6", Names<CopyState>());
        Assert.Equal("InstanceAdded=1 InstanceDeleted=2 CopiesChanged=3 ConflictRecorded=4 StudyCorrected=5 InstanceOffered=6", Names<ChangeKind>());
        Assert.Equal(
            "OtherContent=1 PatientAttributes=2 StudyAttributes=3 SeriesAttributes=4 StudyOfOtherPatient=5 SeriesOfOtherStudy=6", Names<ConflictKind>());
        Assert.Equal("KeptFirst=1 KeptBoth=2 Refused=3 HeldElsewhere=4 TookOver=5 ChoseLater=6 Wanted=7", Names<ConflictDecision>());
        Assert.Equal("Waiting=1 Failed=2", Names<JobState>());
        Assert.Equal("Undecided=0 Compact=1 NotApplicable=2 NotPossible=3 NotShorter=4 NotReversible=5", Names<CompactionOutcome>());
    }

    private static string Names<T>()
        where T : struct, Enum =>
        string.Join(' ', Enum.GetValues<T>().Select(value => $"{value}={Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture)}"));
}
