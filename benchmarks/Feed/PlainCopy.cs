using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Panal.FeedLoad;

/// <summary>The limit to compare with: SQLite itself copies the rows of instances and holdings, with their indexes, from one file into another. Nothing is decoded, compared or counted.</summary>
internal static class PlainCopy
{
    /// <summary>Instances copied in a second, in transactions of so many as a part of a snapshot has.</summary>
    internal static double Measure(string from, string to, int perTransaction)
    {
        using var connection = new SqliteConnection($"Data Source={to};Pooling=False;Foreign Keys=False");
        connection.Open();
        Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -24576");
        Execute($"ATTACH '{from}' AS source");
        foreach (string sql in Schema())
        {
            Execute(sql);
        }

        long last = Scalar("SELECT max(id) FROM source.instance"), count = Scalar("SELECT count(*) FROM source.instance");
        long began = Stopwatch.GetTimestamp();
        for (long after = 0; after < last; after += perTransaction)
        {
            string Range(string column) => string.Create(CultureInfo.InvariantCulture, $"{column} > {after} AND {column} <= {after + perTransaction}");
            Execute(
                $"BEGIN; INSERT INTO main.instance SELECT * FROM source.instance WHERE {Range("id")}; "
                + $"INSERT INTO main.holding SELECT * FROM source.holding WHERE {Range("instance")}; COMMIT");
        }

        return count / Stopwatch.GetElapsedTime(began).TotalSeconds;

        void Execute(string sql)
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        long Scalar(string sql)
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = sql;
            return (long)command.ExecuteScalar()!;
        }

        List<string> Schema()
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "SELECT sql FROM source.sqlite_schema WHERE tbl_name IN ('instance', 'holding') AND sql IS NOT NULL ORDER BY type DESC";
            using SqliteDataReader reader = command.ExecuteReader();
            var statements = new List<string>();
            while (reader.Read())
            {
                statements.Add(reader.GetString(0));
            }

            return statements;
        }
    }
}
