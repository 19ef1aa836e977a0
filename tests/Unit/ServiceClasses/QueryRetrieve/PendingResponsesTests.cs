using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Storage;
using Panal.Unit.Dimse;
using Panal.Unit.Dimse.Associations;

namespace Panal.Unit.ServiceClasses.QueryRetrieve;

public sealed class PendingResponsesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_retrieval_without_progress_is_told_of_every_three_seconds()
    {
        var time = new WaitedTime();
        var retrieval = new Retrieval(time);
        await using var pair = await AssociationPair.OpenAsync(retrieval);
        var context = pair.Requestor.FindContext(Uids.StudyRootQueryRetrieveInformationModelGet)!;
        await using var responses = pair.Requestor.RequestManyAsync(DimseCommand.Get(context, DimsePriority.Medium), new DataSet(), Ct).GetAsyncEnumerator(Ct);
        for (var heard = 0; heard < 4; heard++)
        {
            Assert.True(await responses.MoveNextAsync().AsTask().WaitAsync(ScriptedPeer.Patience, Ct));
            Assert.True(responses.Current.IsPending);
            Assert.Equal((ushort)2, responses.Current.Command.GetUInt16(Tags.NumberOfRemainingSuboperations));
            await time.PassAsync(TimeSpan.FromSeconds(3), Ct);
        }

        retrieval.End.SetResult();
        while (await responses.MoveNextAsync() && responses.Current.IsPending)
        {
            // One more may be on its way.
        }

        Assert.False(responses.Current.IsPending);
    }

    private sealed class Retrieval(TimeProvider time) : IDimseService
    {
        public TaskCompletionSource End { get; } = new();

        public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
        {
            await using (PendingResponses.Start(request, new SubOperations(2), new ServiceClassOptions(), time))
            {
                await End.Task;
            }

            await request.RespondAsync(0, CancellationToken.None);
        }
    }
}
