using Panal.Conformance.Witnesses;

[assembly: AssemblyFixture(typeof(SharedNode))]

namespace Panal.Conformance.Witnesses;

/// <summary>One node for all tests that neither stop it nor count what it holds.</summary>
public sealed class SharedNode : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private PanalNode? node;

    internal async Task<PanalNode> NodeAsync(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            return node ??= await PanalNode.StartAsync(ct);
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (node is not null)
        {
            await node.DisposeAsync();
        }

        gate.Dispose();
    }
}
