using System.Globalization;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Unit.Catalogue.Support;

/// <summary>A catalogue of dictionaries with matching written down straight from PS3.4 §C.2.2.2, sharing no code with the real one.</summary>
internal sealed class NaiveCatalogue
{
    internal sealed record Node(string Key, Dictionary<Tag, string> Attributes, Node? Parent)
    {
        public List<Node> Children { get; } = [];
    }

    private readonly Dictionary<string, Node> _studies = [];

    public List<Node> Patients { get; } = [];

    /// <summary>Adds an instance; what parents say first, stays.</summary>
    public void Add(Dictionary<Tag, string> attributes)
    {
        string studyUid = attributes[Tags.StudyInstanceUID], seriesUid = attributes[Tags.SeriesInstanceUID], uid = attributes[Tags.SOPInstanceUID];
        if (!_studies.TryGetValue(studyUid, out Node? study))
        {
            string id = attributes.GetValueOrDefault(Tags.PatientID, string.Empty);
            string key = id.Length == 0 ? "no id, study " + studyUid : id + "|" + attributes.GetValueOrDefault(Tags.IssuerOfPatientID, string.Empty);
            Node? patient = Patients.Find(known => known.Key == key);
            if (patient is null)
            {
                Patients.Add(patient = new Node(key, attributes, null));
            }

            _studies[studyUid] = study = new Node(studyUid, attributes, patient);
            patient.Children.Add(study);
        }

        Node? series = study.Children.Find(known => known.Key == seriesUid);
        if (series is null)
        {
            study.Children.Add(series = new Node(seriesUid, attributes, study));
        }

        if (!Patients.SelectMany(p => p.Children).SelectMany(s => s.Children).SelectMany(s => s.Children).Any(known => known.Key == uid))
        {
            series.Children.Add(new Node(uid, attributes, series));
        }
    }

    public List<Node> Query(QueryLevel level, (Tag Tag, string Key)[] keys, bool unknownMatches)
    {
        IEnumerable<Node> rows = Patients;
        for (int depth = 0; depth < (int)level; depth++)
        {
            rows = rows.SelectMany(row => row.Children);
        }

        return [.. rows.Where(row => Meets(row, (int)level, keys, unknownMatches))];
    }

    private static bool Meets(Node row, int level, (Tag Tag, string Key)[] keys, bool unknownMatches)
    {
        foreach ((Tag tag, string key) in keys.Where(key => LevelOf(key.Tag) <= level))
        {
            Node owner = row;
            for (int depth = level; depth > LevelOf(tag); depth--)
            {
                owner = owner.Parent!;
            }

            if (!Matches(tag, key, owner, unknownMatches))
            {
                return false;
            }
        }

        (Tag, string)[] below = [.. keys.Where(key => LevelOf(key.Tag) > level)];
        return below.Length == 0 || row.Children.Exists(child => Meets(child, level + 1, below, unknownMatches));
    }

    private static int LevelOf(Tag tag) => CataloguedAttributes.TryFind(tag, out CataloguedAttribute attribute) ? (int)attribute.Level : throw new InvalidOperationException();

    private static bool Matches(Tag tag, string key, Node owner, bool unknownMatches)
    {
        // Zero length, or "*" alone (PS3.4 §C.2.2.2.4), is universal.
        if (key.Trim(' ', '*').Length == 0)
        {
            return true;
        }

        if (tag == Tags.ModalitiesInStudy)
        {
            return key.Split('\\').Any(one => owner.Children.Exists(series => Wild(one, series.Attributes.GetValueOrDefault(Tags.Modality, string.Empty).Trim(' '))));
        }

        if (tag == Tags.NumberOfStudyRelatedInstances)
        {
            return int.Parse(key, CultureInfo.InvariantCulture) == owner.Children.Sum(series => series.Children.Count);
        }

        string value = owner.Attributes.GetValueOrDefault(tag, string.Empty);
        Vr vr = DataDictionary.VrOf(tag);
        return MatchesValue(vr, key, value) ?? unknownMatches && tag != Tags.PatientID && vr != Vr.UI;
    }

    /// <summary>Null when the value is unknown.</summary>
    private static bool? MatchesValue(Vr vr, string key, string value)
    {
        switch (vr)
        {
            case Vr.UI:
                return value.Length == 0 ? null : key.Split('\\').Contains(value);
            case Vr.DA:
                return Date(value) is not { } date ? null : InRange(key, date, from => Date(from)!, to => Date(to)!);
            case Vr.TM:
                return Time(value) is not { } time ? null : InRange(key, time, from => Time(from)!, to => Time(to)! + EndOf(to));
            case Vr.IS or Vr.US:
                return value.Trim(' ').Length == 0 ? null : int.Parse(key, CultureInfo.InvariantCulture) == int.Parse(value, CultureInfo.InvariantCulture);
            case Vr.PN:
                return Name(key, value);
            default:
                string[] values = [.. value.Split('\\').Select(one => one.Trim(' ')).Where(one => one.Length > 0)];
                return values.Length == 0 ? null : values.Any(one => Wild(key.Trim(' '), one));
        }
    }

    private static bool? Name(string key, string value)
    {
        string[] groups = [.. value.Split('=').Select(Fold)];
        if (groups.All(group => group.Length == 0))
        {
            return null;
        }

        string[] keys = key.Split('=');
        if (keys.Length == 1)
        {
            return groups.Where((group, index) => index == 0 || group.Length > 0).Any(group => NameWild(Fold(key), group));
        }

        return keys.Select((one, index) => Fold(one).Length == 0 || NameWild(Fold(one), index < groups.Length ? groups[index] : string.Empty)).All(met => met);
    }

    /// <summary>A name is the same with empty components behind it, as many as the key asks for.</summary>
    private static bool NameWild(string key, string name)
    {
        for (string form = name; form == name || form.Count(c => c == '^') <= Math.Min(4, key.Count(c => c == '^')); form += "^")
        {
            if (Wild(key, form))
            {
                return true;
            }
        }

        return false;
    }

    private static string Fold(string group)
    {
        const string From = "ÁÀÄáàäÉéÖöÑñÚú", To = "aaaaaaeeoonnuu";
        string folded = new([.. group.Select(c => From.Contains(c) ? To[From.IndexOf(c)] : char.ToLowerInvariant(c))]);
        return string.Join('^', folded.Split('^').Select(component => component.Trim(' '))).TrimEnd('^');
    }

    private static bool Wild(string pattern, string value)
    {
        if (pattern.Length == 0)
        {
            return value.Length == 0;
        }

        return pattern[0] == '*'
            ? Wild(pattern[1..], value) || (value.Length > 0 && Wild(pattern, value[1..]))
            : value.Length > 0 && (pattern[0] == '?' || pattern[0] == value[0]) && Wild(pattern[1..], value[1..]);
    }

    private static bool InRange(string key, long value, Func<string, long?> first, Func<string, long?> last)
    {
        string[] ends = key.Split('-');
        string from = ends[0], to = ends[^1];
        return (from.Length == 0 || value >= first(from)) && (to.Length == 0 || value <= last(to));
    }

    private static long? Date(string text) =>
        DateTime.TryParseExact(text.Trim(' '), ["yyyyMMdd", "yyyy.MM.dd"], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime date) ? date.Ticks : null;

    private static long? Time(string text) =>
        DateTime.TryParseExact(text.Trim(' '), ["HH", "HHmm", "HHmmss", "HHmmss.f", "HHmmss.ffffff"], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time)
            ? time.TimeOfDay.Ticks
            : null;

    private static long EndOf(string time) => (time.Length switch
    {
        2 => TimeSpan.TicksPerHour,
        4 => TimeSpan.TicksPerMinute,
        6 => TimeSpan.TicksPerSecond,
        8 => TimeSpan.TicksPerSecond / 10,
        _ => 10,
    }) - 10;
}
