using System.Globalization;
using Microsoft.AspNetCore.Http;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Search;

/// <summary>A search as its URL tells it (PS3.18 §8.3.4).</summary>
internal sealed class SearchParameters
{
    /// <summary>More keys than any client sends; each becomes a condition of the catalogue.</summary>
    private const int KeyLimit = 128;

    /// <summary>Deepest path of sequences, such as <c>00400275.00400009</c>.</summary>
    private const int PathLimit = 8;

    /// <summary>Groups below are commands, file meta information and directories: never in a data set that is searched.</summary>
    private const ushort FirstGroup = 8;

    /// <summary>Attributes to sort by at most.</summary>
    private const int OrderLimit = 8;

    /// <summary>Longest text to search for, in characters.</summary>
    private const int TextLimit = 256;

    private static readonly string[] LevelTerms = ["STUDY", "SERIES", "IMAGE"];

    private readonly DataSet _identifier = new();
    private readonly List<string> _warnings = [];
    private readonly HashSet<Tag> _matched = [];
    private readonly List<SearchOrder> _order = [];
    private bool _returnsEverything;
    private string _text = "";
    private int _keys;
    private int _offset;
    private int? _limit;

    private SearchParameters(SearchLevel level) => Level = level;

    public SearchLevel Level { get; }

    public int Offset => _offset;

    public int? Limit => _limit;

    /// <summary>Texts for the header Warning (RFC 7234 §5.5, as PS3.18 §8.3.4 uses it).</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Keys with a value.</summary>
    public IReadOnlySet<Tag> Matched => _matched;

    /// <summary>The keys, for the audit trail.</summary>
    public DataSet Identifier => _identifier;

    /// <summary>Reads a URL.</summary>
    /// <param name="level">What is looked for.</param>
    /// <param name="query">The parameters; those that are no attributes and not known are ignored (PS3.18 §8.3.1).</param>
    /// <param name="studyInstanceUid">Study that the path names, or null.</param>
    /// <param name="seriesInstanceUid">Series that the path names, or null.</param>
    /// <exception cref="WebFaultException">A parameter cannot be read.</exception>
    public static SearchParameters Read(SearchLevel level, IQueryCollection query, string? studyInstanceUid, string? seriesInstanceUid)
    {
        var parameters = new SearchParameters(level);
        parameters._identifier.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        parameters._identifier.Set(Tags.QueryRetrieveLevel, LevelTerms[(int)level]);
        foreach (var tag in SearchAttributes.DefaultsOf(level, studyInstanceUid is not null, seriesInstanceUid is not null))
        {
            parameters._identifier.SetEmpty(tag);
        }

        foreach (var (name, values) in query)
        {
            foreach (var value in values)
            {
                parameters.Read(name, value ?? "");
            }
        }

        // Last, so that no parameter can lead out of the path.
        parameters.SetUid(Tags.StudyInstanceUID, studyInstanceUid);
        parameters.SetUid(Tags.SeriesInstanceUID, seriesInstanceUid);
        return parameters;
    }

    /// <param name="isPaged">Whether the archive leaves out and limits; else the door does, after its filter.</param>
    public SearchRequest ToRequest(bool isPaged) => new(InformationModel.StudyRoot, _identifier, Relational: true, Strict: false)
    {
        Offset = isPaged ? _offset : 0,
        Limit = isPaged ? _limit : null,
        Text = _text,
        Order = _order,
        ReturnsEverything = _returnsEverything,
        KeepsUnicode = true,
    };

    private void Read(string name, string value)
    {
        switch (name)
        {
            case "includefield":
                Include(value);
                break;
            case "limit":
                _limit = Number(value, "limit");
                break;
            case "offset":
                _offset = Number(value, "offset");
                break;
            case "orderby":
                OrderBy(value);
                break;
            case "text":
                _text = value.Length <= TextLimit ? value : throw WebFaultException.BadRequest("text is too long");
                break;
            case "fuzzymatching":
                if (value.Equals("true", StringComparison.OrdinalIgnoreCase))
                {
                    _warnings.Add("The fuzzymatching parameter is not supported. Only literal matching has been performed.");
                }

                break;
            case "accept" or "charset" or "emptyvaluematching" or "multiplevaluematching":
                break;
            default:
                Match(name, value);
                break;
        }
    }

    private void Match(string name, string value)
    {
        if (++_keys > KeyLimit)
        {
            throw WebFaultException.BadRequest("There are too many keys");
        }

        if (!TryReadPath(name, out var path))
        {
            return;
        }

        var dataSet = _identifier;
        for (var step = 0; step < path.Count - 1; step++)
        {
            if (DataDictionary.VrOf(path[step]) != Vr.SQ)
            {
                throw WebFaultException.BadRequest($"{path[step]} is no sequence");
            }

            var items = dataSet.GetSequence(path[step]);
            if (items.Count == 0)
            {
                dataSet.SetSequence(path[step], [new DataSet()]);
                items = dataSet.GetSequence(path[step]);
            }

            dataSet = items[0];
        }

        var last = path[^1];
        var vr = DataDictionary.VrOf(last);
        if (vr == Vr.SQ)
        {
            throw WebFaultException.BadRequest($"{last} is a sequence: name an attribute in it");
        }

        try
        {
            // UIDs are listed with commas, too (PS3.18 §8.3.4.1).
            dataSet.Set(last, vr == Vr.UI ? value.Replace(',', '\\') : value);
        }
        catch (Exception fault) when (fault is FormatException or OverflowException)
        {
            throw WebFaultException.BadRequest($"The value of {last} does not fit it");
        }

        if (value.Length > 0)
        {
            _matched.Add(path[0]);
        }
    }

    private void Include(string value)
    {
        foreach (var name in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (name.Equals("all", StringComparison.OrdinalIgnoreCase))
            {
                _returnsEverything = true;
            }
            else if (!TryReadPath(name, out var path))
            {
                throw WebFaultException.BadRequest("includefield names no attribute");
            }
            else if (!_identifier.Contains(path[0]))
            {
                _identifier.SetEmpty(path[0]);
            }
        }
    }

    /// <summary>Attributes with commas between, a hyphen before those that descend.</summary>
    private void OrderBy(string value)
    {
        foreach (var name in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var isDescending = name[0] == '-';
            if (!TryReadPath(isDescending ? name[1..] : name, out var path) || path.Count > 1 || _order.Count == OrderLimit)
            {
                throw WebFaultException.BadRequest("orderby names what is no attribute, or too many");
            }

            _order.Add(new SearchOrder(path[0], isDescending));
        }
    }

    /// <summary>Reads keywords or numbers of tags with dots between them; false when it is none, and so no key.</summary>
    private static bool TryReadPath(string text, out IReadOnlyList<Tag> path)
    {
        var tags = new List<Tag>();
        path = tags;
        foreach (var part in text.Split('.'))
        {
            if (tags.Count == PathLimit || (!DataDictionary.TryFindKeyword(part, out var tag) && !TryReadNumber(part, out tag)))
            {
                return false;
            }

            tags.Add(tag);
        }

        return true;
    }

    private static bool TryReadNumber(string text, out Tag tag)
    {
        var isNumber = uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) && text.Length == 8;
        tag = new Tag(number);
        return isNumber && tag.Group >= FirstGroup;
    }

    /// <summary>More than can be counted is as good as all.</summary>
    private static int Number(string value, string name)
    {
        if (value.Length is 0 or > 20 || value.AsSpan().ContainsAnyExceptInRange('0', '9'))
        {
            throw WebFaultException.BadRequest($"{name} is no number");
        }

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
    }

    private void SetUid(Tag tag, string? uid)
    {
        if (uid is not null)
        {
            _identifier.Set(tag, uid);
        }
    }
}
