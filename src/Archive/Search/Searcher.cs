using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Archive.Search;

/// <summary>Answers queries from the catalogue (PS3.4 Annex C). Matching itself is the catalogue's; here are the rules around it.</summary>
/// <remarks>
/// The catalogue knows what all nodes of the network hold. What is retrieved is always retrieved from here: Retrieve AE Title is ours, and
/// Instance Availability says NEARLINE where something must be fetched from another node first (docs/decisions/2026-11-25-availability.md).
/// </remarks>
public sealed class Searcher
{
    private const string Utf8 = "ISO_IR 192";

    private readonly CatalogueDatabase _catalogue;
    private readonly string _aeTitle;

    /// <param name="catalogue">What is searched.</param>
    /// <param name="aeTitle">Our AE title, the Retrieve AE Title (0008,0054) of each match.</param>
    public Searcher(CatalogueDatabase catalogue, string aeTitle)
    {
        _catalogue = catalogue;
        _aeTitle = aeTitle;
    }

    /// <summary>Finds what matches an identifier.</summary>
    /// <returns>Matches, found while they are read; reading stops with <paramref name="ct"/>.</returns>
    /// <exception cref="SearchRefusedException">The identifier cannot be understood.</exception>
    public SearchAnswer Find(SearchRequest request, CancellationToken ct)
    {
        var level = Identifier.LevelOf(request.Identifier, request.Model);
        if (request.Strict && !request.Relational)
        {
            Identifier.RequireHierarchical(request.Identifier, request.Model, level);
        }

        var query = Read(request, level);
        return new SearchAnswer(Answer(request, level, query, ct), query.UnsupportedKeys);
    }

    /// <summary>The other nodes that hold something of these studies, or of one series in them.</summary>
    public IReadOnlyList<Holder> HoldersOf(IReadOnlyList<string> studyInstanceUids, string? seriesInstanceUid) =>
        [.. _catalogue.HoldersOfStudies(studyInstanceUids, seriesInstanceUid).Where(static holder => holder.Instances > 0)];

    /// <summary>How far behind each of the other nodes an answer may be.</summary>
    public IReadOnlyList<PublisherState> Freshness() => _catalogue.Publishers();

    private static CatalogueQuery Read(SearchRequest request, QueryLevel level)
    {
        var options = new MatchingOptions
        {
            // By the letter of PS3.4 §C.2.2.1.2 whatever is unknown matches: whoever asks for an accession number would be shown every
            // study that has none. Nobody expects that, so it is for strict clients only.
            UnknownMatches = request.Strict,
            CombinesDateAndTime = request.CombinesDateAndTime,
            MatchesEmptyValues = request.MatchesEmptyValues,
            MatchesAllValues = request.MatchesAllValues,
        };
        if (request.Order.Any(order => !CatalogueQuery.MaySortBy(order.Tag, level)))
        {
            throw new SearchRefusedException(SearchRefusal.UnableToProcess, "The matches cannot be sorted so");
        }

        if (request.Text.Length > 0 && level != QueryLevel.Study)
        {
            throw new SearchRefusedException(SearchRefusal.UnableToProcess, "Only studies are searched by text");
        }

        try
        {
            var query = CatalogueQuery.FromIdentifier(level, request.Identifier, options) with
            {
                IncludesAvailability = true,
                Text = request.Text,
                Order = [.. request.Order.Select(static order => new Ordering(order.Tag, order.IsDescending))],
                Offset = request.Offset,
                Limit = request.Limit,
            };
            return request.ReturnsEverything ? query with { ReturnKeys = [] } : query;
        }
        catch (CatalogueQueryException fault)
        {
            throw new SearchRefusedException(SearchRefusal.UnableToProcess, fault.Message);
        }
    }

    private IEnumerable<DataSet> Answer(SearchRequest request, QueryLevel level, CatalogueQuery query, CancellationToken ct)
    {
        var term = Identifier.TermOf(level);
        var asked = request.Identifier.CharacterSets.ToArray();
        foreach (var match in _catalogue.Query(query, ct))
        {
            var answer = request.KeepsUnicode ? match : InReadableCharacters(match, asked);
            answer.Set(Tags.QueryRetrieveLevel, term);
            answer.Set(Tags.RetrieveAETitle, _aeTitle);
            yield return answer;
        }
    }

    /// <summary>
    /// Encodes a match so that the asker can read it: without a character set when none is needed, else in the one of the question,
    /// else in Latin-1, which every client knows, else in Unicode. Nothing is ever replaced by question marks.
    /// </summary>
    private static DataSet InReadableCharacters(DataSet match, string[] asked)
    {
        if (IsAscii(match))
        {
            return match.Contains(Tags.SpecificCharacterSet) ? match.WithCharacterSets() : match;
        }

        return (asked.Length > 0 ? Kept(match, asked) : null) ?? Kept(match, ["ISO_IR 100"]) ?? match.WithCharacterSets(Utf8);
    }

    private static bool IsAscii(DataSet dataSet)
    {
        foreach (var element in dataSet.Elements)
        {
            if (element.Vr.IsString() && !System.Text.Ascii.IsValid(element.Value.Span))
            {
                return false;
            }

            foreach (var item in element.Items)
            {
                if (!IsAscii(item))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static DataSet? Kept(DataSet match, ReadOnlySpan<string> terms)
    {
        var encoded = match.WithCharacterSets(terms);
        return encoded.WithCharacterSets(Utf8).ContentEquals(match.WithCharacterSets(Utf8)) ? encoded : null;
    }
}
