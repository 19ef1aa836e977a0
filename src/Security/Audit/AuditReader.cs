using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Panal.Security.Audit;

/// <summary>Which messages of the trail are wanted.</summary>
/// <param name="From">First day, local time.</param>
/// <param name="To">Last day, local time.</param>
/// <param name="Text">What each of them contains, in any value that is shown, whatever the case; empty for all.</param>
/// <param name="Event">Code of the event, such as "110114"; empty for all.</param>
/// <param name="OnlyFailures">True for those whose outcome is no success.</param>
public sealed record AuditQuery(DateOnly From, DateOnly To, string Text = "", string Event = "", bool OnlyFailures = false);

/// <summary>A message of the trail as a person reads it.</summary>
/// <param name="Time">When.</param>
/// <param name="EventCode">Code of the event.</param>
/// <param name="Event">Its name.</param>
/// <param name="Type">Its type; may be empty.</param>
/// <param name="Action">C, R, U, D or E.</param>
/// <param name="Outcome">0, or how bad it was: 4, 8, 12.</param>
/// <param name="By">Who began it.</param>
/// <param name="Address">From where.</param>
/// <param name="With">Who else took part.</param>
/// <param name="Objects">Studies, patients, accounts: identity and name.</param>
/// <param name="Description">What an alert says.</param>
public sealed record AuditEntry(
    DateTimeOffset Time, string EventCode, string Event, string Type, string Action, int Outcome, string By, string Address, string With,
    IReadOnlyList<string> Objects, string Description)
{
    /// <summary>Identities stay in the trail.</summary>
    public override string ToString() => $"{EventCode} [redacted]";
}

/// <summary>Some messages, the newest first, and whether there are more.</summary>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, bool IsMore);

/// <summary>Reads the audit trail of a node while it is written; see docs/formats/audit.md.</summary>
public sealed class AuditReader(string folder)
{
    /// <summary>Longest line that is read, in characters; ours are a few thousand.</summary>
    private const int LineLimit = 1024 * 1024;

    /// <summary>Most days of one search: each is a file.</summary>
    private const int DayLimit = 3660;

    /// <summary>The newest messages that a query wants; what is no message of ours is passed over.</summary>
    /// <param name="query">Which ones.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="ct">Ends the search.</param>
    public async Task<AuditPage> FindAsync(AuditQuery query, int limit, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        var found = new List<AuditEntry>();
        for (var (day, days) = (query.To, 0); day >= query.From && days < DayLimit && found.Count <= limit; day = day.AddDays(-1), days++)
        {
            // A file grows at its end: its newest are the last that pass, and no more than are wanted are kept.
            var newest = new Queue<AuditEntry>();
            await foreach (var entry in ReadDayAsync(day, query, ct).ConfigureAwait(false))
            {
                newest.Enqueue(entry);
                if (newest.Count > limit + 1 - found.Count)
                {
                    newest.Dequeue();
                }
            }

            found.AddRange(newest.Reverse());
        }

        return found.Count > limit ? new AuditPage(found[..limit], true) : new AuditPage(found, false);
    }

    /// <summary>All messages that a query wants, the oldest first, as they are written.</summary>
    public async IAsyncEnumerable<(string Line, AuditEntry Entry)> ReadAsync(AuditQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        for (var (day, days) = (query.From, 0); day <= query.To && days < DayLimit; day = day.AddDays(1), days++)
        {
            await foreach (var (line, entry) in ReadLinesAsync(day, query, ct).ConfigureAwait(false))
            {
                yield return (line, entry);
            }
        }
    }

    private async IAsyncEnumerable<AuditEntry> ReadDayAsync(DateOnly day, AuditQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var (_, entry) in ReadLinesAsync(day, query, ct).ConfigureAwait(false))
        {
            yield return entry;
        }
    }

    private async IAsyncEnumerable<(string Line, AuditEntry Entry)> ReadLinesAsync(
        DateOnly day, AuditQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"audit-{day:yyyy-MM-dd}.log"));
        if (!File.Exists(path))
        {
            yield break;
        }

        await using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite, Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 65536,
        });
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (await reader.ReadLineAsync(ct).ConfigureAwait(false) is { } line)
        {
            if ((query.Event.Length == 0 || line.Contains($"csd-code=\"{query.Event}\"", StringComparison.Ordinal)) && TryRead(line, out var entry) && IsWanted(entry, query))
            {
                yield return (line, entry);
            }
        }
    }

    private static bool IsWanted(AuditEntry entry, AuditQuery query) =>
        (query.Event.Length == 0 || entry.EventCode == query.Event)
        && (!query.OnlyFailures || entry.Outcome != 0)
        && (query.Text.Length == 0
            || new[] { entry.Event, entry.Type, entry.By, entry.Address, entry.With, entry.Description }.Concat(entry.Objects)
                .Any(text => text.Contains(query.Text, StringComparison.CurrentCultureIgnoreCase)));

    /// <summary>Reads one line of the trail; false for what is no message: a line that was being written when the power went.</summary>
    internal static bool TryRead(string line, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out AuditEntry? entry)
    {
        entry = null;
        var start = line.IndexOf("<AuditMessage", StringComparison.Ordinal);
        var fields = line.Split(' ', 3);
        if (start < 0 || line.Length > LineLimit || fields.Length < 3
            || !DateTimeOffset.TryParse(fields[1], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return false;
        }

        try
        {
            using var text = new StringReader(line[start..]);
            using var xml = XmlReader.Create(text, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, MaxCharactersInDocument = LineLimit, XmlResolver = null });
            entry = EntryOf(XElement.Load(xml), time);
            return true;
        }
        catch (XmlException)
        {
            return false;
        }
    }

    private static AuditEntry EntryOf(XElement message, DateTimeOffset time)
    {
        var identification = message.Element("EventIdentification");
        var id = identification?.Element("EventID");
        var participants = message.Elements("ActiveParticipant").ToList();
        var requestor = participants.Find(p => Text(p, "UserIsRequestor") == "true") ?? participants.FirstOrDefault();
        var objects = message.Elements("ParticipantObjectIdentification").ToList();
        return new AuditEntry(
            time,
            Text(id, "csd-code"),
            Text(id, "originalText"),
            Text(identification?.Element("EventTypeCode"), "originalText"),
            Text(identification, "EventActionCode"),
            int.TryParse(Text(identification, "EventOutcomeIndicator"), NumberStyles.None, CultureInfo.InvariantCulture, out var outcome) ? outcome : 0,
            Text(requestor, "UserID"),
            Text(requestor, "NetworkAccessPointID"),
            string.Join(", ", participants.Where(p => p != requestor).Select(p => Text(p, "UserID"))),
            [.. objects.Select(o => $"{Text(o, "ParticipantObjectID")} {o.Element("ParticipantObjectName")?.Value}".Trim())],
            string.Join("; ", objects.SelectMany(o => o.Elements("ParticipantObjectDetail")).Where(d => Text(d, "type") == "Alert Description").Select(d => Decoded(Text(d, "value")))));
    }

    private static string Text(XElement? element, string attribute) => (string?)element?.Attribute(attribute) ?? "";

    /// <summary>Details are in base64 (PS3.15 §A.5.1).</summary>
    private static string Decoded(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : "";
    }
}
