using Panal.Dimse;

namespace Panal.Unit.Dimse.Associations;

/// <summary>Bytes allocated for a message do not depend on its size, nor on how the peer cuts it.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class AllocationBudgetTests(ITestOutputHelper output)
{
    // A request, its command set and its response: twice what was measured, so that only a new habit breaks it.
    private const long BudgetBytes = 8 << 10;

    [Theory]
    [InlineData(1_000, 16384)]
    [InlineData(530_000, 16384)]
    [InlineData(530_000, 131072)]
    [InlineData(8_400_000, 16384)]
    public async Task A_C_STORE_allocates_within_its_budget_whatever_its_size(int dataSetBytes, int pduBytes)
    {
        const int Messages = 200;
        await ThroughputTests.RunAsync(new EndlessPeer(Messages, dataSetBytes, pduBytes, 256 << 10), new SinkService());
        var peer = new EndlessPeer(Messages, dataSetBytes, pduBytes, 256 << 10);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await ThroughputTests.RunAsync(peer, new SinkService());
        var each = (GC.GetTotalAllocatedBytes(precise: true) - before) / Messages;
        output.WriteLine($"{dataSetBytes} in PDUs of {pduBytes}: {each} bytes allocated a message");
        Assert.True(each < BudgetBytes, $"{each} bytes");
    }
}
