using Panal.Dicom;
using Panal.ServiceClasses.Storage;

namespace Panal.Unit.ServiceClasses.Storage;

public sealed class SubOperationsTests
{
    [Theory]
    [InlineData("0000 0000", false, 0x0000)]
    [InlineData("0000 B000", false, 0xB000)]
    [InlineData("0000 A700", false, 0xB000)]
    [InlineData("A700 C000", false, 0xA702)]
    [InlineData("B000 B007", false, 0xB000)]
    [InlineData("0000", true, 0xFE00)]
    [InlineData("0000 0000", true, 0x0000)]
    [InlineData("A700", true, 0xFE00)]
    public void The_final_status_follows_from_the_counters(string answers, bool isCancelled, int expected)
    {
        var counters = new SubOperations(2);
        foreach (var answer in answers.Split(' '))
        {
            counters.Count("1.2.3", Convert.ToUInt16(answer, 16));
        }

        Assert.Equal(expected, counters.FinalStatus(isCancelled).Code);
    }

    [Fact]
    public void Nothing_to_send_is_a_success() => Assert.Equal(0, new SubOperations(0).FinalStatus(isCancelled: false).Code);

    [Fact]
    public void Counters_are_written_and_remaining_only_when_asked_for()
    {
        var counters = new SubOperations(4);
        counters.Count("1.1", 0);
        counters.Count("1.2", 0xB000);
        counters.CountFailed("1.3");
        var pending = new DataSet();
        counters.WriteCounters(pending, withRemaining: true);
        Assert.Equal((ushort)1, pending.GetUInt16(Tags.NumberOfRemainingSuboperations));
        Assert.Equal((ushort)1, pending.GetUInt16(Tags.NumberOfCompletedSuboperations));
        Assert.Equal((ushort)1, pending.GetUInt16(Tags.NumberOfWarningSuboperations));
        Assert.Equal((ushort)1, pending.GetUInt16(Tags.NumberOfFailedSuboperations));
        var final = new DataSet();
        counters.WriteCounters(final, withRemaining: false);
        Assert.False(final.Contains(Tags.NumberOfRemainingSuboperations));
    }

    [Fact]
    public void What_failed_is_listed_as_far_as_the_attribute_holds_it()
    {
        var counters = new SubOperations(10_000);
        Assert.Null(counters.FailedIdentifier());
        for (var i = 0; i < 10_000; i++)
        {
            counters.CountFailed($"1.2.840.113619.2.55.3.604688119.971.1{i:D25}");
        }

        var listed = counters.FailedIdentifier()!.GetStrings(Tags.FailedSOPInstanceUIDList);
        Assert.InRange(string.Join('\\', listed).Length, 60_000, 65_534);
        Assert.Equal(10_000, counters.Failed);
    }
}
