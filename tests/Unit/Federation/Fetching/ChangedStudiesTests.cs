using System.Globalization;
using Panal.Federation.Fetching;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Federation.Fetching;

public sealed class ChangedStudiesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_change_is_told_with_its_study_to_all_who_follow()
    {
        await using TemporaryCatalogue here = await TemporaryCatalogue.CreateAsync();
        var changed = new ChangedStudies(here.Database);
        Assert.Empty(changed.Since(0)!);

        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), Ct);
        await here.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1"), Ct);
        ChangedStudy[] both = [new(1, "1.1.1", "1"), new(2, "2.1.1", "2")];
        Assert.Equal(both, changed.Since(0));
        Assert.Equal(both[1..], changed.Since(1));
        Assert.Empty(changed.Since(2)!);

        // Whose row is gone is told without a study.
        await here.Database.DeleteAsync(["1.1.1"], Ct);
        Assert.Equal([new ChangedStudy(3, "1.1.1", null)], changed.Since(2)!);
        Assert.Equal([.. both, new(3, "1.1.1", null)], changed.Since(0)!);
    }

    [Fact]
    public async Task What_was_compacted_away_or_is_too_long_ago_is_not_known()
    {
        await using TemporaryCatalogue here = await TemporaryCatalogue.CreateAsync();
        for (var number = 1; number <= 3; number++)
        {
            await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1." + number.ToString(CultureInfo.InvariantCulture)), Ct);
        }

        Assert.Equal(2, await here.Database.CompactChangesAsync(1, DateTimeOffset.MaxValue, Ct));
        var changed = new ChangedStudies(here.Database);
        Assert.Null(changed.Since(0));
        Assert.Null(changed.Since(1));
        Assert.Equal("1.1.3", Assert.Single(changed.Since(2)!).Uid);
        Assert.Empty(changed.Since(3)!);
        Assert.Null(changed.Since(4));
    }
}
