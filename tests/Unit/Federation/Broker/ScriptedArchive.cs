using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.Unit.Archive;

namespace Panal.Unit.Federation.Broker;

/// <summary>Somebody else's archive by script: it answers from what it has, and lies, limits and fails as it is told.</summary>
internal sealed class ScriptedArchive(TemporaryArchive? receiver) : IForeignArchives, IForeignWeb
{
    private readonly Lock _gate = new();
    private readonly List<Held> _held = [];
    private int _questions;

    /// <summary>Answers to one question at most, then nothing more is said and nobody is told.</summary>
    public int SilentLimit { get; set; } = int.MaxValue;

    /// <summary>Questions without a date, or of more than a year, are refused.</summary>
    public bool RefusesBroadQuestions { get; set; }

    /// <summary>What it adds to every count that it tells; null: it tells none.</summary>
    public int? CountError { get; set; } = 0;

    /// <summary>It leaves SOP classes out.</summary>
    public bool HidesClasses { get; set; }

    /// <summary>It breaks off at this question, counted from the start, and until it is changed.</summary>
    public int? BreaksAt { get; set; }

    /// <summary>Instances that it lists and never gives.</summary>
    public HashSet<string> Withheld { get; } = [];

    /// <summary>Retrievals that break off before anything comes.</summary>
    public int FailingRetrievals { get; set; }

    /// <summary>It takes no instance.</summary>
    public bool RefusesStorage { get; set; }

    /// <summary>Instances that it has taken and lost, each once; null when it offers no commitment.</summary>
    public HashSet<string>? Loses { get; set; } = [];

    /// <summary>Questions so far.</summary>
    public int Questions => Volatile.Read(ref _questions);

    /// <summary>Study, series and instance level questions so far, and what was retrieved at which level.</summary>
    public List<string> Log { get; } = [];

    /// <summary>What was sent to it.</summary>
    public List<string> Stored { get; } = [];

    /// <summary>Associations for retrieval that were open at a time at most.</summary>
    public int MostRetrievals { get; private set; }

    /// <summary>Instances that it gave.</summary>
    public int Given => Volatile.Read(ref _given);

    private int _retrievals;
    private int _given;

    public void Add(Sample sample, string date = "20260102", string time = "120000")
    {
        lock (_gate)
        {
            _held.Add(new Held(sample, date, time));
        }
    }

    public void Remove(Predicate<Sample> gone)
    {
        lock (_gate)
        {
            _held.RemoveAll(held => gone(held.Sample));
        }
    }

    public ValueTask<IForeignQueries> OpenQueriesAsync(ForeignAddress archive, CancellationToken ct) =>
        BreaksAt <= _questions ? throw new ForeignArchiveException("It cannot be reached.", isRefusal: false, null) : ValueTask.FromResult<IForeignQueries>(new Queries(this));

    public async Task<int> RetrieveAsync(
        ForeignAddress archive, ForeignRetrieval how, DataSet identifier, IReadOnlyCollection<string> sopClassUids, CancellationToken ct)
    {
        Held[] wanted;
        lock (_gate)
        {
            Log.Add("retrieve " + identifier.GetString(Tags.QueryRetrieveLevel));
            MostRetrievals = Math.Max(MostRetrievals, ++_retrievals);
            if (FailingRetrievals-- > 0)
            {
                _retrievals--;
                throw new ForeignArchiveException("It broke off.", isRefusal: false, null);
            }

            var instances = identifier.GetStrings(Tags.SOPInstanceUID).ToHashSet();
            wanted =
            [
                .. _held.Where(held => held.Sample.StudyInstanceUid == identifier.GetString(Tags.StudyInstanceUID)
                    && held.Sample.SeriesInstanceUid == identifier.GetString(Tags.SeriesInstanceUID)
                    && (instances.Count == 0 || instances.Contains(held.Sample.SopInstanceUid))),
            ];
        }

        var failed = 0;
        foreach (var (sample, _, _) in wanted)
        {
            if (Withheld.Contains(sample.SopInstanceUid))
            {
                failed++;
                continue;
            }

            Interlocked.Increment(ref _given);
            await receiver!.Ingester.StoreAsync(
                PipeReader.Create(new ReadOnlySequence<byte>(sample.Encode(TransferSyntax.ExplicitVrLittleEndian))),
                new IngestRequest(sample.SopClassUid, sample.SopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, archive.AeTitle), ct);
        }

        lock (_gate)
        {
            _retrievals--;
        }

        return failed;
    }

    public async Task RetrieveAsync(
        ForeignWebAddress archive, string studyInstanceUid, string seriesInstanceUid, IReadOnlyCollection<string> sopInstanceUids, CancellationToken ct)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, sopInstanceUids.Count > 0 ? "IMAGE" : "SERIES");
        identifier.Set(Tags.StudyInstanceUID, studyInstanceUid);
        identifier.Set(Tags.SeriesInstanceUID, seriesInstanceUid);
        if (sopInstanceUids.Count > 0)
        {
            identifier.Set(Tags.SOPInstanceUID, [.. sopInstanceUids]);
        }

        lock (_gate)
        {
            Log.Add(archive.Root.AbsoluteUri);
        }

        await RetrieveAsync(new ForeignAddress(archive.AeTitle, "", 0, false), ForeignRetrieval.Wado, identifier, [], ct);
    }

    public Task<IReadOnlyList<ForwardOutcome>> SendAsync(
        ForeignAddress archive, IReadOnlyList<InstanceReference> instances, Func<InstanceReference, IReadOnlyCollection<string>, OpenOutcome> open, CancellationToken ct)
    {
        lock (_gate)
        {
            var outcomes = new List<ForwardOutcome>();
            foreach (var instance in instances)
            {
                using var opened = open(instance, [Uids.ExplicitVRLittleEndian]).Instance!.DataSet;
                if (!RefusesStorage)
                {
                    Stored.Add(instance.SopInstanceUid);
                }

                outcomes.Add(new ForwardOutcome(instance, !RefusesStorage, RefusesStorage ? "full" : null));
            }

            return Task.FromResult<IReadOnlyList<ForwardOutcome>>(outcomes);
        }
    }

    public Task<IReadOnlyList<InstanceReference>?> CommitAsync(
        ForeignAddress archive, IReadOnlyList<InstanceReference> instances, TimeSpan patience, CancellationToken ct)
    {
        lock (_gate)
        {
            Log.Add("commit");
            return Task.FromResult<IReadOnlyList<InstanceReference>?>(Loses is null ? null : [.. instances.Where(one => Loses.Remove(one.SopInstanceUid))]);
        }
    }

    private List<DataSet> Answer(DataSet identifier)
    {
        lock (_gate)
        {
            var level = identifier.GetString(Tags.QueryRetrieveLevel)!;
            Log.Add(level);
            if (++_questions > BreaksAt)
            {
                throw new ForeignArchiveException("It broke off.", isRefusal: false, null);
            }

            var study = identifier.GetString(Tags.StudyInstanceUID) ?? "";
            var dates = identifier.GetString(Tags.StudyDate) ?? "";
            if (RefusesBroadQuestions && level == "STUDY" && study.Length == 0 && IsBroad(dates))
            {
                throw new ForeignArchiveException("The question is too broad.", isRefusal: true, null);
            }

            var matching = _held.Where(held => (study.Length == 0 || held.Sample.StudyInstanceUid == study) && IsWithin(held.Date, dates)
                && IsWithin(held.Time, identifier.GetString(Tags.StudyTime) ?? "")).ToList();
            var answers = level switch
            {
                "STUDY" => matching.GroupBy(static held => held.Sample.StudyInstanceUid).Select(StudyOf),
                "SERIES" => matching.GroupBy(static held => held.Sample.SeriesInstanceUid).Select(SeriesOf),
                _ => matching.Where(held => held.Sample.SeriesInstanceUid == identifier.GetString(Tags.SeriesInstanceUID)).Select(InstanceOf),
            };
            return [.. answers.Take(SilentLimit)];
        }
    }

    private static bool IsBroad(string dates) => dates.Length == 0 || (dates.Split('-') is [var first, var last]
        && int.Parse(last[..4], System.Globalization.CultureInfo.InvariantCulture) - int.Parse(first[..4], System.Globalization.CultureInfo.InvariantCulture) > 1);

    private static bool IsWithin(string value, string range) => range.Length == 0 || (range.Split('-') is [var first, var last]
        ? string.CompareOrdinal(value, first) >= 0 && string.CompareOrdinal(value, last) <= 0
        : value == range) && value.Length > 0;

    private DataSet StudyOf(IGrouping<string?, Held> study)
    {
        var (sample, date, time) = study.First();
        var answer = new DataSet();
        answer.Set(Tags.SpecificCharacterSet, "ISO_IR 100");
        answer.Set(Tags.StudyInstanceUID, sample.StudyInstanceUid ?? "");
        answer.Set(Tags.StudyDate, date);
        answer.Set(Tags.StudyTime, time);
        answer.Set(Tags.PatientID, sample.PatientId);
        answer.Set(Tags.PatientName, sample.PatientName);
        Count(answer, Tags.NumberOfStudyRelatedInstances, study.Count());
        Count(answer, Tags.NumberOfStudyRelatedSeries, study.Select(static held => held.Sample.SeriesInstanceUid).Distinct().Count());
        return answer;
    }

    private DataSet SeriesOf(IGrouping<string?, Held> series)
    {
        var answer = new DataSet();
        answer.Set(Tags.SeriesInstanceUID, series.Key ?? "");
        answer.Set(Tags.Modality, series.First().Sample.Modality);
        Count(answer, Tags.NumberOfSeriesRelatedInstances, series.Count());
        return answer;
    }

    private DataSet InstanceOf(Held held)
    {
        var answer = new DataSet();
        answer.Set(Tags.SOPInstanceUID, held.Sample.SopInstanceUid);
        if (!HidesClasses)
        {
            answer.Set(Tags.SOPClassUID, held.Sample.SopClassUid);
        }

        return answer;
    }

    private void Count(DataSet answer, Tag tag, int count)
    {
        if (CountError is { } error)
        {
            answer.Set(tag, (count + error).ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private sealed record Held(Sample Sample, string Date, string Time);

    private sealed class Queries(ScriptedArchive archive) : IForeignQueries
    {
        public async IAsyncEnumerable<DataSet> FindAsync(DataSet identifier, [EnumeratorCancellation] CancellationToken ct)
        {
            foreach (var answer in archive.Answer(identifier))
            {
                await Task.Yield();
                yield return answer;
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
