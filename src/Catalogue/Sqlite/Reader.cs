using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Catalogue.Matching;
using Panal.Dicom;
using SQLitePCL;

namespace Panal.Catalogue.Sqlite;

/// <summary>A reading connection with the functions that queries use for what SQL alone cannot match.</summary>
internal sealed class Reader : IDisposable
{
    /// <summary>Steps of SQLite's machine between two looks at the cancellation: some tens of microseconds.</summary>
    internal const int StepsBetweenLooks = 2000;

    private const int StatementLimit = 32;

    private readonly Dictionary<string, Statement> _statements = [];

    internal Reader(Connection connection)
    {
        Connection = connection;
        int flags = raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC;
        connection.Check(raw.sqlite3_create_function(connection.Handle, "panal_text", 2, flags, this, MatchText));
        connection.Check(raw.sqlite3_create_function(connection.Handle, "panal_attributes", 2, flags, this, MatchAttributes));
        connection.Check(raw.sqlite3_create_function(connection.Handle, "panal_words", -1, flags, this, MatchWords));
        connection.Check(raw.sqlite3_create_function(connection.Handle, "panal_value", 2, flags, this, Value));
        raw.sqlite3_progress_handler(connection.Handle, StepsBetweenLooks, static reader => ((Reader)reader).IsToStop() ? 1 : 0, this);
    }

    internal Connection Connection { get; }

    internal CancellationToken Cancellation { get; set; }

    /// <summary>Looks that a statement may take before it is broken off; null for as many as it needs.</summary>
    internal int? Looks { get; set; }

    /// <summary>Whether the statement was broken off because of <see cref="Looks"/>.</summary>
    internal bool IsExhausted => Looks < 0;

    /// <summary>Conditions of the query under way, by the number that its SQL names.</summary>
    internal IReadOnlyList<KeyCondition> Conditions { get; set; } = [];

    /// <summary>Text patterns of the query under way, by the number that its SQL names.</summary>
    internal IReadOnlyList<TextPattern> Patterns { get; set; } = [];

    /// <summary>What the query under way looks for in the words of studies.</summary>
    internal StudyText? Words { get; set; }

    /// <summary>The statement for this text; kept for the next read.</summary>
    internal Statement Prepare(string sql) =>
        _statements.TryGetValue(sql, out Statement? known) ? known : _statements[sql] = Connection.Prepare(sql);

    /// <summary>Drops statements when there are too many; between reads, when none is under way.</summary>
    internal void Trim()
    {
        if (_statements.Count > StatementLimit)
        {
            foreach (Statement old in _statements.Values)
            {
                old.Dispose();
            }

            _statements.Clear();
        }
    }

    private bool IsToStop()
    {
        Looks--;
        return IsExhausted || Cancellation.IsCancellationRequested;
    }

    private static void MatchText(sqlite3_context context, object user, sqlite3_value[] arguments)
    {
        TextPattern pattern = ((Reader)user).Patterns[raw.sqlite3_value_int(arguments[0])];
        raw.sqlite3_result_int(context, pattern.Matches(raw.sqlite3_value_blob(arguments[1])) ? 1 : 0);
    }

    private static void MatchWords(sqlite3_context context, object user, sqlite3_value[] arguments)
    {
        StudyText words = ((Reader)user).Words!;
        uint found = 0;
        foreach (sqlite3_value argument in arguments)
        {
            found |= words.FoundIn(raw.sqlite3_value_blob(argument));
        }

        raw.sqlite3_result_int(context, words.IsAll(found) ? 1 : 0);
    }

    private static void MatchAttributes(sqlite3_context context, object user, sqlite3_value[] arguments)
    {
        KeyCondition condition = ((Reader)user).Conditions[raw.sqlite3_value_int(arguments[0])];
        try
        {
            raw.sqlite3_result_int(context, condition.Matches(raw.sqlite3_value_blob(arguments[1])) ? 1 : 0);
        }
        catch (CatalogueException)
        {
            // Nothing may be thrown through SQLite.
            raw.sqlite3_result_error_code(context, raw.SQLITE_CORRUPT);
        }
    }

    private static void Value(sqlite3_context context, object user, sqlite3_value[] arguments)
    {
        try
        {
            var tag = new Tag((uint)raw.sqlite3_value_int64(arguments[0]));
            raw.sqlite3_result_text(context, AttributeBlob.FirstText(raw.sqlite3_value_blob(arguments[1]), tag));
        }
        catch (CatalogueException)
        {
            raw.sqlite3_result_error_code(context, raw.SQLITE_CORRUPT);
        }
    }

    public void Dispose()
    {
        foreach (Statement statement in _statements.Values)
        {
            statement.Dispose();
        }

        Connection.Dispose();
    }
}
