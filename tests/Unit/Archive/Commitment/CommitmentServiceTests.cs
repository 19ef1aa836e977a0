using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Commitment;
using Panal.Archive.Jobs;
using Panal.Dicom;

namespace Panal.Unit.Archive.Commitment;

public sealed class CommitmentServiceTests
{
    private static readonly Sample First = new();

    [Fact]
    public async Task Each_instance_is_committed_or_failed_with_its_reason()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);
        await archive.StoreAsync(First with { SopInstanceUid = "1.2.3.4.6" });
        var files = await archive.FilesAsync();
        var damaged = Path.Combine(archive.VolumeRoot, files.Keys.Single(path => path.EndsWith("1.2.3.4.6.dcm", StringComparison.Ordinal)));
        var bytes = files.Single(file => damaged.EndsWith(file.Key, StringComparison.Ordinal)).Value;
        bytes[^1] ^= 1;
        File.WriteAllBytes(damaged, bytes);

        var report = await ReportOfAsync(
            archive,
            new ReferencedInstance(First.SopClassUid, First.SopInstanceUid),
            new ReferencedInstance(First.SopClassUid, "1.2.3.4.6"),
            new ReferencedInstance(First.SopClassUid, "1.9"),
            new ReferencedInstance(Uids.MRImageStorage, First.SopInstanceUid));

        Assert.Equal([First.SopInstanceUid], report.Committed.Select(instance => instance.SopInstanceUid));
        Assert.Equal(
            [("1.2.3.4.6", 0x0110), ("1.9", 0x0112), (First.SopInstanceUid, 0x0119)],
            report.Failed.Select(instance => (instance.SopInstanceUid, (int)instance.FailureReason)));
    }

    [Fact]
    public async Task A_report_is_repeated_until_it_is_delivered()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var time = new JumpingTime();
        var reporter = new Reporter(failures: 2);

        var report = await ReportOfAsync(archive, time, reporter, new ReferencedInstance(First.SopClassUid, "1.9"));

        Assert.Single(report.Failed);
        Assert.Equal(3, reporter.Attempts);
    }

    [Fact]
    public async Task A_request_survives_a_restart()
    {
        var directory = Directory.CreateTempSubdirectory("panal-unit-").FullName;
        try
        {
            await using (var archive = await TemporaryArchive.OpenAsync(new(), directory))
            {
                await archive.StoreAsync(First);
                using var jobs = new JobRunner(archive.Holdings.Catalogue, TimeProvider.System, NullLogger<JobRunner>.Instance);
                await Service(archive, jobs, new Reporter(0)).RequestAsync(
                    Request(new ReferencedInstance(First.SopClassUid, First.SopInstanceUid)), TestContext.Current.CancellationToken);
            }

            await using var reopened = await TemporaryArchive.OpenAsync(new(), directory);
            var reporter = new Reporter(0);
            var report = await RunAsync(reopened, TimeProvider.System, reporter, null);
            Assert.Single(report.Committed);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<CommitmentReport> ReportOfAsync(TemporaryArchive archive, params ReferencedInstance[] instances) =>
        ReportOfAsync(archive, TimeProvider.System, new Reporter(0), instances);

    private static Task<CommitmentReport> ReportOfAsync(
        TemporaryArchive archive, TimeProvider time, Reporter reporter, params ReferencedInstance[] instances) =>
        RunAsync(archive, time, reporter, Request(instances));

    private static async Task<CommitmentReport> RunAsync(TemporaryArchive archive, TimeProvider time, Reporter reporter, CommitmentRequest? request)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var jobs = new JobRunner(archive.Holdings.Catalogue, time, NullLogger<JobRunner>.Instance);
        var service = Service(archive, jobs, reporter);
        if (request is not null)
        {
            await service.RequestAsync(request, stop.Token);
        }

        var running = jobs.RunAsync(service, stop.Token);
        var report = await reporter.Delivered.WaitAsync(TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        return report;
    }

    private static CommitmentService Service(TemporaryArchive archive, JobRunner jobs, IReportCommitment reporter) =>
        new(archive.Holdings.Catalogue, archive.Holdings.Volumes, jobs, reporter, NullLogger<CommitmentService>.Instance);

    private static CommitmentRequest Request(params ReferencedInstance[] instances) => new("1.2.840.1", "MODALITY", "PANAL", instances);

    private sealed class Reporter(int failures) : IReportCommitment
    {
        private readonly TaskCompletionSource<CommitmentReport> _delivered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<CommitmentReport> Delivered => _delivered.Task;

        public int Attempts { get; private set; }

        public ValueTask<bool> ReportAsync(CommitmentReport report, CancellationToken ct)
        {
            Attempts++;
            if (Attempts <= failures)
            {
                return Attempts == 1 ? throw new IOException("unreachable") : ValueTask.FromResult(false);
            }

            _delivered.TrySetResult(report);
            return ValueTask.FromResult(true);
        }
    }

    /// <summary>Each wait is over at once, and the clock has moved by it.</summary>
    private sealed class JumpingTime : TimeProvider
    {
        private long _ticks = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).Ticks;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero)
            {
                Interlocked.Add(ref _ticks, dueTime.Ticks);
                dueTime = TimeSpan.Zero;
            }

            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
