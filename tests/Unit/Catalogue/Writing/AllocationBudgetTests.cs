using Panal.Catalogue;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Writing;

public sealed class AllocationBudgetTests
{
    /// <summary>One record costs its encoded attributes and the queued item; nothing grows with the catalogue.</summary>
    private const long BudgetBytes = 2048;

    [Fact]
    public async Task Adding_an_instance_stays_in_its_budget()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        const int Count = 200;
        InstanceRecord[] records = [.. Enumerable.Range(0, Count * 2).Select(i => Samples.Instance("1", "1.1", $"1.1.{i}"))];
        for (int i = 0; i < Count; i++)
        {
            await catalogue.Database.AddAsync(records[i], CancellationToken.None);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = Count; i < Count * 2; i++)
        {
            // One caller runs its own transaction, so all of it happens on this thread.
            AddOutcome outcome = await catalogue.Database.AddAsync(records[i], CancellationToken.None);
            Assert.Equal(AddResult.Added, outcome.Result);
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Count, 0, BudgetBytes);
    }
}
