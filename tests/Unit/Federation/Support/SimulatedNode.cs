using System.Globalization;
using System.Text;
using Panal.Catalogue;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Unit.Federation.Support;

/// <summary>One node of a simulated network: its catalogue on a disk that can lose power or be restored, and a model of what it holds.</summary>
internal sealed class SimulatedNode : IAsyncDisposable
{
    private const string LogName = "catalogue.db-wal";

    public static readonly string Root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    private readonly string _directory = Path.Combine(Root, "panal-simulation-" + Guid.NewGuid().ToString("N"));
    private readonly TimeProvider _time;
    private int _incarnation;
    private List<InstanceRecord> _stored = [];

    private SimulatedNode(TimeProvider time) => _time = time;

    public CatalogueDatabase Catalogue { get; private set; } = null!;

    /// <summary>What it holds: content by SOP Instance UID, of what was answered and not deleted.</summary>
    public Dictionary<string, string> Held => _stored.ToDictionary(record => record.SopInstanceUid, ContentOf);

    /// <summary>What it held and said after each of its transactions, by the change that was its last.</summary>
    public Dictionary<(long Sequence, long Mark), string> Past { get; } = [];

    /// <summary>Files and model of an earlier moment, to be restored.</summary>
    public (string Directory, List<InstanceRecord> Stored)? Backup { get; private set; }

    private string Current => Path.Combine(_directory, _incarnation.ToString(CultureInfo.InvariantCulture));

    public static async Task<SimulatedNode> StartAsync(TimeProvider time)
    {
        var node = new SimulatedNode(time);
        Directory.CreateDirectory(node.Current);
        await node.OpenAsync();
        node.Remember();
        return node;
    }

    /// <summary>Stores an instance, whose bytes are durable and whose row is not yet.</summary>
    public async Task StoreAsync(InstanceRecord record)
    {
        if ((await Stillness.AfterAsync(Catalogue.AddAsync(record, CancellationToken.None))).Result == AddResult.Added)
        {
            _stored.Add(record);
            Remember();
        }
    }

    public async Task DeleteAsync(IReadOnlyCollection<string> uids)
    {
        await Stillness.AfterAsync(Catalogue.DeleteAsync([.. uids], CancellationToken.None));
        _stored.RemoveAll(record => uids.Contains(record.SopInstanceUid));
        Remember();
    }

    public async Task CorrectAsync(string study, DataSet corrections)
    {
        bool isHeld = Held.Keys.Any(uid => uid.StartsWith(study + ".", StringComparison.Ordinal));
        CorrectionOutcome outcome = await Stillness.AfterAsync(Catalogue.CorrectAsync(study, corrections, "CENTRE", isDryRun: false, CancellationToken.None));
        Assert.Equal(isHeld, outcome.Result is not CorrectionResult.NotHeld);
        Remember();
    }

    /// <summary>Killed with -9: what was committed is in the files as they are at this moment.</summary>
    public Task KillAsync() => LosePowerAsync(1);

    /// <summary>Of what was written to the log and not synced some is lost; what the staging log still has is stored again then.</summary>
    /// <param name="share">Of the bytes that were not synced, how many are there: 0 to 1.</param>
    public async Task LosePowerAsync(double share)
    {
        var (synced, written) = (Catalogue.SyncedLogBytes, new FileInfo(Path.Combine(Current, LogName)).Length);
        Copy(Current, Path.Combine(_directory, (_incarnation + 1).ToString(CultureInfo.InvariantCulture)));
        await CloseAsync();
        _incarnation++;
        using (FileStream log = File.OpenWrite(Path.Combine(Current, LogName)))
        {
            log.SetLength(synced + (long)((written - synced) * share));
        }

        await OpenAsync();
        List<InstanceRecord> stored = _stored;
        _stored = [.. stored.Where(record => Catalogue.FindInstance(record.SopInstanceUid)?.Copies.Count > 0)];
        Remember();
        foreach (InstanceRecord lost in stored.Except(_stored).ToArray())
        {
            await StoreAsync(lost);
        }
    }

    public void BackUp()
    {
        string directory = Path.Combine(_directory, "backup" + _incarnation.ToString(CultureInfo.InvariantCulture));
        if (!Directory.Exists(directory))
        {
            Copy(Current, directory);
            Backup = (directory, [.. _stored]);
        }
    }

    public async Task RestoreAsync()
    {
        await CloseAsync();
        _incarnation++;
        Copy(Backup!.Value.Directory, Current);
        _stored = [.. Backup.Value.Stored];
        await OpenAsync();
        Remember();
    }

    /// <summary>Whether a cursor stands where this node has been; what it held and said then.</summary>
    public bool TryRecall(FeedCursor cursor, out string? past) => Past.TryGetValue((cursor.Sequence, cursor.Mark), out past);

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
        await CloseAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static string ContentOf(InstanceRecord record) => Convert.ToHexString(record.Copy.Hash.Span);

    private async Task OpenAsync() =>
        Catalogue = await CatalogueDatabase.OpenAsync(Path.Combine(Current, "catalogue.db"), new CatalogueOptions(), _time, CancellationToken.None);

    private Task CloseAsync() => Stillness.AfterAsync(Catalogue.DisposeAsync());

    /// <summary>Writes down what it holds now, by the model, and what it says of the parents.</summary>
    private void Remember()
    {
        FeedCursor head = Catalogue.OwnHead(FeedFilter.All);
        Past[(head.Sequence, head.Mark)] =
            string.Concat(Held.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}\n")) + Parents();
    }

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
