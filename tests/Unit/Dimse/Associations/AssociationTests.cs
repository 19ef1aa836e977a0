using Microsoft.Extensions.Logging.Abstractions;
using Panal.Dicom;
using Panal.Dimse;

namespace Panal.Unit.Dimse.Associations;

public sealed class AssociationTests
{
    [Fact]
    public async Task An_echo_is_answered_and_the_association_released()
    {
        await using var pair = await AssociationPair.OpenAsync(new EchoService());
        var response = await pair.Requestor.RequestAsync(DimseCommand.Echo(pair.Requestor.Contexts[0]), TestContext.Current.CancellationToken);
        Assert.Equal(DimseStatus.Success, response.Status);
        await pair.Requestor.ReleaseAsync(TestContext.Current.CancellationToken);
        await pair.Acceptor;
    }

    private sealed class EchoService : IDimseService
    {
        public ValueTask HandleAsync(DimseRequest request, CancellationToken ct) => request.RespondAsync(DimseStatus.Success, ct);
    }
}
