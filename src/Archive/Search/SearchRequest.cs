using System.Collections;
using Panal.Dicom;

namespace Panal.Archive.Search;

/// <summary>The information models of PS3.4 §C.3.</summary>
public enum InformationModel
{
    PatientRoot,
    StudyRoot,
}

/// <summary>A query as it came through a door.</summary>
/// <param name="Model">The information model.</param>
/// <param name="Identifier">Query/Retrieve Level and keys (PS3.4 §C.4.1.1.3).</param>
/// <param name="Relational">Relational queries were negotiated (PS3.4 §C.4.1.2.2.1).</param>
/// <param name="Strict">
/// Refuse what was not negotiated. Off, a query with keys of other levels is answered: many clients send such without negotiating.
/// </param>
public sealed record SearchRequest(InformationModel Model, DataSet Identifier, bool Relational, bool Strict)
{
    /// <summary>Dates and times of a pair are one range (extended negotiation byte 2, PS3.4 §C.5.1.1).</summary>
    public bool CombinesDateAndTime { get; init; }

    /// <summary>Two quotation marks match what is empty (byte 6).</summary>
    public bool MatchesEmptyValues { get; init; }

    /// <summary>All values of a key must be there (byte 7).</summary>
    public bool MatchesAllValues { get; init; }

    /// <summary>At study level: each word of it begins a word of the patient's name or ID, the accession number, Study ID or Study Description, whatever its case and accents.</summary>
    public string Text { get; init; } = "";

    /// <summary>What matches are sorted by; nothing sorts them by their age in the archive.</summary>
    public IReadOnlyList<SearchOrder> Order { get; init; } = [];

    /// <summary>Matches to leave out at the start.</summary>
    public int Offset { get; init; }

    /// <summary>Matches at most; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Return all that is catalogued of the level and above, whatever keys there are.</summary>
    public bool ReturnsEverything { get; init; }

    /// <summary>Leave text in Unicode, whatever the character set of the question: JSON and XML have no other.</summary>
    public bool KeepsUnicode { get; init; }

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Model} search [redacted]";
}

/// <summary>An attribute to sort by; it must be kept at the level of the query or above.</summary>
public readonly record struct SearchOrder(Tag Tag, bool IsDescending);

/// <summary>Matches, one data set each, ready to be sent; read while they are found.</summary>
public sealed class SearchAnswer : IEnumerable<DataSet>
{
    private readonly IEnumerable<DataSet> _matches;

    internal SearchAnswer(IEnumerable<DataSet> matches, IReadOnlyList<Tag> unsupportedKeys)
    {
        _matches = matches;
        UnsupportedKeys = unsupportedKeys;
    }

    /// <summary>Optional keys that were neither matched nor returned: pending responses say FF01 then (PS3.4 Table C.4-1).</summary>
    public IReadOnlyList<Tag> UnsupportedKeys { get; }

    /// <inheritdoc/>
    public IEnumerator<DataSet> GetEnumerator() => _matches.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Why a query or retrieval cannot be tried at all.</summary>
public enum SearchRefusal
{
    /// <summary>The identifier is not one of this model and level (A900).</summary>
    IdentifierDoesNotMatchSopClass,

    /// <summary>A key cannot be read (Cxxx).</summary>
    UnableToProcess,
}

/// <summary>A query or retrieval that cannot be tried; the text holds no values.</summary>
public sealed class SearchRefusedException(SearchRefusal reason, string explanation) : Exception(explanation)
{
    public SearchRefusal Reason { get; } = reason;
}
