using System.Globalization;
using Panal.Dicom;

namespace Panal.Federation.Recycling;

/// <summary>A study that must stay.</summary>
/// <param name="StudyInstanceUid">Study Instance UID.</param>
/// <param name="At">Since when.</param>
/// <param name="By">Who wanted it: the identity of the node that placed it here, or "local".</param>
public sealed record Pin(string StudyInstanceUid, DateTimeOffset At, string By)
{
    /// <summary>What <see cref="By"/> says of pins made at this node.</summary>
    public const string Local = "local";

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"since {At:u}, by {By}";
}

/// <summary>The studies that somebody pinned: pins.log of docs/formats/recycling.md. A pin that was made survives power loss.</summary>
public sealed class PinnedStudies
{
    private const string FileName = "pins.log";
    private const int LinesBeforeRewrite = 1000;

    private readonly Dictionary<string, Pin> _pins = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly LineJournal _journal;
    private readonly TimeProvider _time;
    private int _lines;

    /// <param name="folder">The folder of docs/formats/recycling.md; what it says is read.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public PinnedStudies(string folder, TimeProvider time)
    {
        (_journal, _time) = (new LineJournal(Path.Combine(folder, FileName)), time);
        foreach (var line in _journal.Read())
        {
            _lines++;
            Apply(line);
        }
    }

    /// <summary>The pins, in the order in which they were made.</summary>
    public IReadOnlyList<Pin> Pins
    {
        get
        {
            lock (_gate)
            {
                return [.. _pins.Values.OrderBy(static pin => pin.At).ThenBy(static pin => pin.StudyInstanceUid, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Whether a study is pinned.</summary>
    public bool Contains(string studyInstanceUid)
    {
        lock (_gate)
        {
            return _pins.ContainsKey(studyInstanceUid);
        }
    }

    /// <summary>Pins a study; false when it was already.</summary>
    /// <param name="studyInstanceUid">Study Instance UID.</param>
    /// <param name="by">Identity of the node that wants it, or <see cref="Pin.Local"/>.</param>
    /// <exception cref="ArgumentException">The UID is none.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public bool Add(string studyInstanceUid, string by)
    {
        if (!Uid.IsWellFormed(studyInstanceUid))
        {
            throw new ArgumentException("This is no Study Instance UID.", nameof(studyInstanceUid));
        }

        lock (_gate)
        {
            if (_pins.ContainsKey(studyInstanceUid))
            {
                return false;
            }

            Write(Line(new Pin(studyInstanceUid, _time.GetUtcNow(), by)));
            return true;
        }
    }

    /// <summary>Unpins a study; false when it was not pinned.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public bool Remove(string studyInstanceUid)
    {
        lock (_gate)
        {
            if (!_pins.ContainsKey(studyInstanceUid))
            {
                return false;
            }

            Write("- " + studyInstanceUid);
            return true;
        }
    }

    private void Write(string line)
    {
        _journal.Append([line], isDurable: true);
        _lines++;
        Apply(line);
        if (_lines > LinesBeforeRewrite + (2 * _pins.Count))
        {
            _journal.Replace(_pins.Values.Select(Line));
            _lines = _pins.Count;
        }
    }

    private void Apply(string line)
    {
        switch (line.Split(' '))
        {
            case ["+", var study, var at, var by]
                when Uid.IsWellFormed(study) && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var since) && since <= UseStatistics.LatestMilliseconds:
                _pins[study] = new Pin(study, DateTimeOffset.FromUnixTimeMilliseconds(since), by);
                break;
            case ["-", var study]:
                _pins.Remove(study);
                break;
        }
    }

    private static string Line(Pin pin) => string.Create(
        CultureInfo.InvariantCulture, $"+ {pin.StudyInstanceUid} {pin.At.ToUnixTimeMilliseconds()} {pin.By}");
}
