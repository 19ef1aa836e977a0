using System.Globalization;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Federation.Broker.Sweeping;

/// <summary>What came of asking for one window.</summary>
/// <param name="IsCut">The archive has more than it may answer: the window must be split.</param>
/// <param name="Changed">Studies that were new, other than before, or gone.</param>
internal readonly record struct WindowOutcome(bool IsCut, int Changed);

/// <summary>Mirrors one window of an archive's catalogue: asks what is there, and reads what is not known or has changed.</summary>
/// <remarks>
/// Archives cut their answers off, some with a status, most in silence. So more answers than the limit, a failure, and a suspiciously round
/// number of answers all split the window, down to one minute.
/// </remarks>
internal sealed class Sweeper(BrokerDefinition broker, CatalogueDatabase catalogue, BrokerTally tally, RequestPace pace, TimeProvider time)
{
    /// <summary>Limits in silence are multiples of this.</summary>
    private const int RoundNumber = 50;

    /// <summary>Studies written in one transaction at most; an interruption loses no more.</summary>
    private const int BatchStudies = 8;

    /// <summary>Days that are looked at hour by hour at a time: those of a poll, and the one of the sweep.</summary>
    private const int DayLimit = 8;

    private readonly StudyReader _reader = new(pace);

    /// <summary>What the parts of a day have shown so far.</summary>
    private readonly Dictionary<DateOnly, HashSet<string>> _days = [];

    /// <summary>The last day that can have studies.</summary>
    public DateOnly Today => DateOnly.FromDateTime(time.GetLocalNow().Date);

    /// <summary>Asks for one window and takes over what is there.</summary>
    /// <exception cref="ForeignArchiveException">The archive failed on what cannot be split further, or broke off.</exception>
    public async Task<WindowOutcome> SweepAsync(IForeignQueries queries, SweepWindow window, CancellationToken ct)
    {
        var identifier = StudyReader.StudyIdentifier();
        window.WriteTo(identifier);
        var answers = new Dictionary<string, DataSet>(StringComparer.Ordinal);
        var count = 0;
        try
        {
            await pace.WaitAsync(ct);
            await foreach (var answer in queries.FindAsync(identifier, ct))
            {
                count++;
                if (answer.GetString(Tags.StudyInstanceUID) is { Length: > 0 } uid && Uid.IsWellFormed(uid))
                {
                    answers[uid] = answer;
                }
                else
                {
                    tally.Doubt("The archive lists a study without a UID.");
                }

                if (count > broker.AnswerLimit && !window.IsSmallest)
                {
                    return new WindowOutcome(IsCut: true, 0);
                }
            }
        }
        catch (ForeignArchiveException refusal) when (refusal.IsRefusal && !window.IsWithinDay)
        {
            return new WindowOutcome(IsCut: true, 0);
        }

        // What came is taken over in any case; whether more is there the halves will tell.
        var changed = await TakeOverAsync(queries, answers, ct);
        if (count > 0 && count % RoundNumber == 0 && !window.IsSmallest)
        {
            return new WindowOutcome(IsCut: true, changed);
        }

        if (count > 0 && count % RoundNumber == 0)
        {
            tally.Doubt("The archive may have more studies of one minute than it tells.");
        }

        return new WindowOutcome(IsCut: false, changed + await DropAsync(queries, window, answers.Keys, ct));
    }

    /// <summary>Asks about one study, and takes over what is there, or that it is not there any more.</summary>
    /// <exception cref="ForeignArchiveException">The archive failed or broke off.</exception>
    public async Task LookAsync(IForeignQueries queries, string studyInstanceUid, CancellationToken ct)
    {
        if (await _reader.FindAsync(queries, studyInstanceUid, ct) is { } answer)
        {
            await TakeOverAsync(queries, new Dictionary<string, DataSet>(StringComparer.Ordinal) { [studyInstanceUid] = answer }, ct);
        }
        else if (catalogue.FindOffer(broker.Source, studyInstanceUid) is not null)
        {
            await ForgetAsync([studyInstanceUid], ct);
        }
    }

    private async Task ForgetAsync(List<string> gone, CancellationToken ct)
    {
        // Counted first, so that whoever sees that they are gone sees it counted.
        tally.Dropped(gone.Count);
        await catalogue.OfferAsync(broker.Source, [], gone, ct);
    }

    private async Task<int> TakeOverAsync(IForeignQueries queries, Dictionary<string, DataSet> answers, CancellationToken ct)
    {
        var changed = 0;
        var batch = new List<OfferedStudy>(BatchStudies);
        foreach (var (uid, answer) in answers)
        {
            if (IsKnown(uid, answer))
            {
                continue;
            }

            var reading = await _reader.ReadAsync(queries, answer, ct);
            tally.Read(uid, reading.Trouble);
            if (reading.Study is { } study)
            {
                changed++;
                batch.Add(study);
            }

            if (batch.Count == BatchStudies)
            {
                await catalogue.OfferAsync(broker.Source, batch, [], ct);
                batch.Clear();
            }
        }

        if (batch.Count > 0)
        {
            await catalogue.OfferAsync(broker.Source, batch, [], ct);
        }

        return changed;
    }

    /// <summary>Whether nothing needs to be asked of a study. An archive that tells no counts is asked again: instances may have come.</summary>
    private bool IsKnown(string uid, DataSet answer) =>
        !tally.IsDoubtful(uid)
        && StudyReader.CountOf(answer, Tags.NumberOfStudyRelatedInstances) is { } instances
        && catalogue.FindOffer(broker.Source, uid) is { } offer
        && offer.Instances == instances
        && (StudyReader.CountOf(answer, Tags.NumberOfStudyRelatedSeries) is not { } series || offer.Series == series)
        && offer.IsDescribedBy(answer);

    /// <summary>Drops what the archive has no more. That a window does not show a study is not enough: it is asked for by its UID first.</summary>
    private async Task<int> DropAsync(IForeignQueries queries, SweepWindow window, IReadOnlyCollection<string> present, CancellationToken ct)
    {
        var here = present.ToHashSet(StringComparer.Ordinal);
        if (window is { FirstMinute: { } minute, First: { } day })
        {
            // A study is not looked for by the hour: its time may be another or none. The parts of a day come latest first, so the first minute is the end.
            if (minute > 0)
            {
                Shown(day).UnionWith(here);
                return 0;
            }

            here.UnionWith(Shown(day));
            _days.Remove(day);
            window = new SweepWindow(day, day);
        }

        var gone = new List<string>();
        foreach (var uid in Offered(window).Where(uid => !here.Contains(uid)))
        {
            if (await _reader.FindAsync(queries, uid, ct) is null)
            {
                gone.Add(uid);
            }
        }

        if (gone.Count > 0)
        {
            await ForgetAsync(gone, ct);
        }

        return gone.Count;
    }

    private HashSet<string> Shown(DateOnly day)
    {
        if (_days.TryGetValue(day, out var shown))
        {
            return shown;
        }

        if (_days.Count >= DayLimit)
        {
            // What is not remembered is asked for by its UID, which costs questions and drops nothing that is there.
            _days.Clear();
        }

        return _days[day] = new HashSet<string>(StringComparer.Ordinal);
    }

    private List<string> Offered(SweepWindow window)
    {
        const int Step = 500;
        if (window is { First: { } first, Last: { } last })
        {
            return [.. catalogue.OffersBetween(broker.Source, first, last).Select(static offer => offer.StudyInstanceUid)];
        }

        var all = new List<string>();
        for (var (offers, after) = catalogue.OffersAfter(broker.Source, 0, Step); offers.Count > 0; (offers, after) = catalogue.OffersAfter(broker.Source, after, Step))
        {
            all.AddRange(offers.Select(static offer => offer.StudyInstanceUid));
        }

        return all;
    }
}
