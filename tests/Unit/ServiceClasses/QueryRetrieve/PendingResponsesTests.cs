using Microsoft.Extensions.Time.Testing;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Storage;
using Panal.Unit.Dimse.Associations;

namespace Panal.Unit.ServiceClasses.QueryRetrieve;

public sealed class PendingResponsesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_retrieval_without_progress_is_told_of_every_three_seconds()
    {
        var time = new FakeTimeProvider();
        var retrieval = new Retrieval(time);
        await using var pair = await AssociationPair.OpenAsync(retrieval);
        var context = pair.Requestor.FindContext(Uids.StudyRootQueryRetrieveInformationModelGet)!;
        var heard = new List<TimeSpan>();
        await foreach (var response in pair.Requestor.RequestManyAsync(DimseCommand.Get(context, DimsePriority.Medium), new DataSet(), Ct))
        {
            if (!response.IsPending)
            {
                break;
            }

            heard.Add(new TimeSpan(time.GetTimestamp()));
            Assert.Equal((ushort)2, response.Command.GetUInt16(Tags.NumberOfRemainingSuboperations));
            if (heard.Count == 4)
            {
                retrieval.End.SetResult();
            }

            retrieval.Advance(heard.Count < 4);
        }

        Assert.Equal(4, heard.Count);
        Assert.All(heard.Zip(heard.Skip(1)), pause => Assert.InRange(pause.Second - pause.First, TimeSpan.Zero, TimeSpan.FromSeconds(3)));
    }

    private sealed class Retrieval(FakeTimeProvider time) : IDimseService
    {
        private Task _clock = Task.CompletedTask;
        private volatile bool _isRunning;

        public TaskCompletionSource End { get; } = new();

        public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
        {
            await using (PendingResponses.Start(request, new SubOperations(2), new ServiceClassOptions(), time))
            {
                await End.Task;
            }

            _isRunning = false;
            await _clock;
            await request.RespondAsync(0, CancellationToken.None);
        }

        /// <summary>Lets the clock run on until the next answer.</summary>
        public void Advance(bool isRunning)
        {
            _isRunning = isRunning;
            if (_clock.IsCompleted)
            {
                _clock = RunAsync();
            }
        }

        private async Task RunAsync()
        {
            while (_isRunning)
            {
                // A tenth of a second for each moment in which the timer can be set.
                time.Advance(TimeSpan.FromMilliseconds(100));
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Ct);
            }
        }
    }
}
