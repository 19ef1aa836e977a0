using Panal.Catalogue.Replication;

namespace Panal.Catalogue;

/// <summary>What archives that are no nodes offer through this one; see docs/formats/catalogue.md, "Foreign archives".</summary>
public sealed partial class CatalogueDatabase
{
    /// <summary>Makes a foreign archive known; durably.</summary>
    /// <param name="source">A random identity, never that of a node.</param>
    public ValueTask<bool> AddForeignAsync(Guid source, CancellationToken ct) => SubscribeAsync(source, ForeignRows.Authority, ct);

    /// <summary>
    /// Takes down what a foreign archive has: found by searches, told to the subscribers of this node, and held by nobody until it is fetched.
    /// Durable when it returns.
    /// </summary>
    /// <param name="studies">Each is whole: what was offered of it before and is not named is gone.</param>
    /// <param name="goneStudies">Study Instance UIDs that are offered no more.</param>
    /// <exception cref="ArgumentException">A UID is missing, or a study or series has nothing in it.</exception>
    /// <exception cref="InvalidOperationException">The archive is unknown.</exception>
    public ValueTask<bool> OfferAsync(Guid source, IReadOnlyList<OfferedStudy> studies, IReadOnlyList<string> goneStudies, CancellationToken ct) => ReplicateAsync(
        (source, States: studies.Select(OfferedStudy.StateOf).ToList(), goneStudies),
        static (writer, of) => { writer.Replica.Offer(of.source, of.States, of.goneStudies, writer.Now); return true; },
        ct);

    /// <summary>Forgets a foreign archive and all that only it offered; durably, and told to the subscribers of this node.</summary>
    public ValueTask<bool> WithdrawAsync(Guid source, CancellationToken ct) => ReplicateAsync(
        source, static (writer, source) => { writer.Replica.Withdraw(source, writer.Now); return true; }, ct);

    /// <summary>What a foreign archive offers of a study; null when that is nothing.</summary>
    public StudyOffer? FindOffer(Guid source, string studyInstanceUid) =>
        _readers.Read((source, studyInstanceUid), static (reader, of) => ForeignRows.Find(reader, of.source, of.studyInstanceUid), CancellationToken.None);

    /// <summary>Walks through all studies that a foreign archive offers, in the order in which they came.</summary>
    /// <param name="afterId">0, or Last of the step before.</param>
    public (IReadOnlyList<StudyOffer> Offers, long Last) OffersAfter(Guid source, long afterId, int limit) =>
        _readers.Read((source, afterId, limit), static (reader, of) => ForeignRows.After(reader, of.source, of.afterId, of.limit), CancellationToken.None);

    /// <summary>Studies that a foreign archive offers whose date is between two, both included.</summary>
    public IReadOnlyList<StudyOffer> OffersBetween(Guid source, DateOnly first, DateOnly last) => _readers.Read(
        (source, first, last), static (reader, of) => ForeignRows.Between(reader, of.source, Number(of.first), Number(of.last)), CancellationToken.None);

    /// <summary>How many studies and instances a foreign archive offers.</summary>
    public (long Studies, long Instances) CountOffers(Guid source) =>
        _readers.Read(source, static (reader, source) => ForeignRows.Count(reader, source), CancellationToken.None);

    /// <summary>Who can get an instance that they do not hold: foreign archives behind this node first, then nodes that have one behind them.</summary>
    public IReadOnlyList<Offerer> OffersOfInstance(string sopInstanceUid) =>
        _readers.Read(sopInstanceUid, static (reader, uid) => HolderLookups.OffersOfInstance(reader, uid), CancellationToken.None);

    private static long Number(DateOnly date) => (date.Year * 10000) + (date.Month * 100) + date.Day;
}
