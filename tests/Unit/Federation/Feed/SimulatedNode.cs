using System.Globalization;
using System.Text;
using Panal.Catalogue;
using Panal.Catalogue.Sqlite;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Federation.Feed;

/// <summary>One node of a simulated network: its catalogue on a disk that can be killed and restored, and a model of what it holds.</summary>
internal sealed class SimulatedNode : IAsyncDisposable
{
    private static readonly string Root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    private readonly string _directory = Path.Combine(Root, "panal-simulation-" + Guid.NewGuid().ToString("N"));
    private int _incarnation;

    private SimulatedNode(Guid id, int authority)
    {
        Id = id;
        Authority = authority;
    }

    public Guid Id { get; }

    public int Authority { get; }

    public CatalogueDatabase Catalogue { get; private set; } = null!;

    /// <summary>What it holds: content by SOP Instance UID.</summary>
    public Dictionary<string, string> Held { get; private set; } = [];

    /// <summary>What it held and said after each of its transactions, by the sequence of the last change.</summary>
    public Dictionary<long, string> Past { get; } = [];

    /// <summary>Files and model of an earlier moment, to be restored.</summary>
    public (string Directory, Dictionary<string, string> Held)? Backup { get; private set; }

    private string Current => Path.Combine(_directory, _incarnation.ToString(CultureInfo.InvariantCulture));

    public static async Task<SimulatedNode> StartAsync(Guid id, int authority)
    {
        var node = new SimulatedNode(id, authority);
        Directory.CreateDirectory(node.Current);
        await node.OpenAsync();
        await node.Catalogue.IdentifyAsync(id, authority, CancellationToken.None);
        node.Remember();
        return node;
    }

    /// <summary>Writes down what it holds now, by the model, and what it says of the parents.</summary>
    public void Remember() => Past[Catalogue.LastSequence()] = Describe(Held) + Parents();

    public static string Describe(IEnumerable<KeyValuePair<string, string>> held) =>
        string.Concat(held.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}\n"));

    /// <summary>Killed with -9: what was committed is in the files as they are at this moment.</summary>
    public async Task KillAsync()
    {
        Copy(Current, Path.Combine(_directory, (_incarnation + 1).ToString(CultureInfo.InvariantCulture)));
        await Catalogue.DisposeAsync();
        _incarnation++;
        await OpenAsync();
    }

    public void BackUp()
    {
        string directory = Path.Combine(_directory, "backup" + _incarnation.ToString(CultureInfo.InvariantCulture));
        if (!Directory.Exists(directory))
        {
            Copy(Current, directory);
            Backup = (directory, new Dictionary<string, string>(Held));
        }
    }

    public async Task RestoreAsync()
    {
        await Catalogue.DisposeAsync();
        _incarnation++;
        Copy(Backup!.Value.Directory, Current);
        Held = new Dictionary<string, string>(Backup.Value.Held);
        await OpenAsync();
        foreach (long lost in Past.Keys.Where(sequence => sequence > Catalogue.LastSequence()).ToArray())
        {
            Past.Remove(lost);
        }

        Remember();
    }

    /// <summary>What this node knows of another one, in the words of <see cref="Past"/>.</summary>
    public string ViewOf(Guid publisher) => Read(
        """
        SELECT i.uid || '=' || hex(h.hash) FROM holding AS h JOIN publisher AS p ON p.id = h.publisher JOIN instance AS i ON i.id = h.instance
        WHERE p.node = ?1 ORDER BY i.uid
        """, publisher)
        + Read(
        """
        SELECT 'study ' || s.uid || ' ' || hex(c.patient_attributes) || ' ' || hex(c.attributes)
        FROM study_claim AS c JOIN publisher AS p ON p.id = c.publisher JOIN study AS s ON s.id = c.study WHERE p.node = ?1 ORDER BY s.uid
        """, publisher)
        + Read(
        """
        SELECT 'series ' || r.uid || ' ' || c.instances || ' ' || hex(c.attributes)
        FROM series_claim AS c JOIN publisher AS p ON p.id = c.publisher JOIN series AS r ON r.id = c.series WHERE p.node = ?1 ORDER BY r.uid
        """, publisher);

    /// <summary>How far another one is known, and what of it, read at one moment while others write; null where it is unknown.</summary>
    public (PublisherState? State, string View) KnownOf(Guid publisher)
    {
        while (true)
        {
            PublisherState? before = Catalogue.Publishers().SingleOrDefault(known => known.Node == publisher);
            string view = ViewOf(publisher);
            PublisherState? after = Catalogue.Publishers().SingleOrDefault(known => known.Node == publisher);
            // Rows and cursor change together: with the same cursor on both sides of it, the rows are of that cursor.
            if (before?.Cursor == after?.Cursor && before?.IsComplete == after?.IsComplete)
            {
                return (after, view);
            }
        }
    }

    /// <summary>All that a search can find here, and who holds it, without anything that may differ between nodes.</summary>
    public string Dump() => Read(
        "SELECT 'patient ' || key || ' ' || name_alphabetic || ' ' || hex(attributes) FROM patient ORDER BY key", null)
        + Read("SELECT 'study ' || s.uid || ' of ' || p.key || ' ' || hex(s.attributes) FROM study AS s JOIN patient AS p ON p.id = s.patient ORDER BY s.uid", null)
        + Read("SELECT 'series ' || r.uid || ' of ' || s.uid || ' ' || hex(r.attributes) FROM series AS r JOIN study AS s ON s.id = r.study ORDER BY r.uid", null)
        + Read(
        """
        SELECT 'instance ' || i.uid || ' of ' || r.uid || CASE WHEN
            (SELECT count(DISTINCT hash) FROM (SELECT hash FROM holding WHERE instance = i.id UNION ALL SELECT hash FROM copy WHERE instance = i.id)) = 1
            THEN ' ' || i.sop_class || hex(i.attributes) ELSE ' in conflict' END
        FROM instance AS i JOIN series AS r ON r.id = i.series ORDER BY i.uid
        """, null)
        + Read(
        """
        SELECT 'holder ' || uid || ' ' || node || ' ' || hash FROM (
            SELECT i.uid AS uid, hex(p.node) AS node, hex(h.hash) AS hash FROM holding AS h JOIN instance AS i ON i.id = h.instance JOIN publisher AS p ON p.id = h.publisher
            UNION ALL
            SELECT i.uid, (SELECT hex(node) FROM publisher WHERE id = 0), hex(c.hash) FROM copy AS c JOIN instance AS i ON i.id = c.instance)
        ORDER BY uid, node
        """, null);

    /// <summary>Rows that contradict one another; none may be there.</summary>
    public string Contradictions() => Read(
        """
        SELECT 'content of series ' || series || ' ' || sop_class FROM series_content AS c
        WHERE instances <> (SELECT count(*) FROM instance AS i WHERE i.series = c.series AND i.sop_class = c.sop_class)
           OR held <> (SELECT count(*) FROM instance AS i WHERE i.series = c.series AND i.sop_class = c.sop_class AND EXISTS (SELECT 1 FROM copy WHERE instance = i.id))
        """, null)
        + Read("SELECT 'uncounted ' || uid FROM instance AS i WHERE NOT EXISTS (SELECT 1 FROM series_content AS c WHERE c.series = i.series AND c.sop_class = i.sop_class)", null)
        + Read("SELECT 'held by nobody ' || uid FROM instance WHERE NOT EXISTS (SELECT 1 FROM copy WHERE instance = instance.id) AND NOT EXISTS (SELECT 1 FROM holding WHERE instance = instance.id)", null)
        + Read("SELECT 'empty series ' || uid FROM series WHERE NOT EXISTS (SELECT 1 FROM instance WHERE series = series.id)", null)
        + Read("SELECT 'empty study ' || uid FROM study WHERE NOT EXISTS (SELECT 1 FROM series WHERE study = study.id)", null)
        + Read("SELECT 'empty patient' FROM patient WHERE NOT EXISTS (SELECT 1 FROM study WHERE patient = patient.id)", null)
        + Read(
        """
        SELECT 'claim of series ' || series FROM series_claim AS c WHERE publisher > 0 AND instances <>
            (SELECT count(*) FROM holding AS h JOIN instance AS i ON i.id = h.instance WHERE i.series = c.series AND h.publisher = c.publisher)
        """, null)
        + Read("PRAGMA foreign_key_check", null);

    public async ValueTask DisposeAsync()
    {
        await Catalogue.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task OpenAsync() =>
        Catalogue = await CatalogueDatabase.OpenAsync(Path.Combine(Current, "catalogue.db"), new CatalogueOptions(), TimeProvider.System, CancellationToken.None);

    /// <summary>What it says of studies and series, read from the tables: its own word, or what is shown where it has none beside.</summary>
    private string Parents() => Read(
        """
        SELECT 'study ' || s.uid || ' ' || hex(coalesce(c.patient_attributes, p.attributes)) || ' ' || hex(coalesce(c.attributes, s.attributes))
        FROM study AS s JOIN patient AS p ON p.id = s.patient LEFT JOIN study_claim AS c ON c.study = s.id AND c.publisher = 0
        WHERE EXISTS (SELECT 1 FROM series JOIN instance ON instance.series = series.id JOIN copy ON copy.instance = instance.id WHERE series.study = s.id) ORDER BY s.uid
        """, null)
        + Read(
        """
        SELECT 'series ' || r.uid || ' ' || (SELECT count(*) FROM instance AS i JOIN copy ON copy.instance = i.id WHERE i.series = r.id) || ' ' || hex(coalesce(c.attributes, r.attributes))
        FROM series AS r LEFT JOIN series_claim AS c ON c.series = r.id AND c.publisher = 0
        WHERE EXISTS (SELECT 1 FROM instance JOIN copy ON copy.instance = instance.id WHERE instance.series = r.id) ORDER BY r.uid
        """, null);

    private string Read(string sql, Guid? parameter) => Catalogue.Readers.Read(
        (sql, parameter),
        static (reader, of) =>
        {
            var text = new StringBuilder();
            Statement statement = reader.Prepare(of.sql);
            if (of.parameter is { } node)
            {
                statement.Bind(1, node.ToByteArray(bigEndian: true));
            }

            while (statement.Step())
            {
                text.Append(statement.Text(0)).Append('\n');
            }

            statement.Reset();
            return text.ToString();
        },
        CancellationToken.None);

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal) && !file.EndsWith("-lock", StringComparison.Ordinal)))
        {
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var target = File.Create(Path.Combine(to, Path.GetFileName(file)));
            source.CopyTo(target);
        }
    }
}
