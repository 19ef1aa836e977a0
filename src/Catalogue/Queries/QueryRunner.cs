using System.Globalization;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>
/// Runs queries. The ids of all rows are found in one snapshot; the rows are read in chunks, so that a slow taker holds no snapshot,
/// which would keep the write-ahead log from starting anew.
/// </summary>
/// <param name="readers">Connections.</param>
/// <param name="sortLimit">So many studies of a list are found and sorted; of more, it is walked in its order.</param>
internal sealed class QueryRunner(ReaderPool readers, int sortLimit)
{
    /// <summary>Rows in memory at a time.</summary>
    internal const int ChunkRows = 256;

    internal IEnumerable<DataSet> Run(CatalogueQuery query, QueryPlan plan, CancellationToken ct)
    {
        (List<long> ids, List<DataSet> rows) = readers.Read(
            (query, plan, sortLimit), static (reader, state) => Find(reader, state.query, state.plan, state.sortLimit), ct);
        for (int next = ChunkRows; ; next += ChunkRows)
        {
            foreach (DataSet row in rows)
            {
                ct.ThrowIfCancellationRequested();
                yield return row;
            }

            if (next >= ids.Count)
            {
                yield break;
            }

            List<long> chunk = ids.GetRange(next, Math.Min(ChunkRows, ids.Count - next));
            rows = readers.Read((query, chunk), static (reader, state) => ReadRows(reader, state.query, state.chunk), ct);
        }
    }

    private static (List<long> Ids, List<DataSet> FirstRows) Find(Reader reader, CatalogueQuery query, QueryPlan plan, int sortLimit)
    {
        reader.Conditions = plan.Conditions;
        reader.Patterns = plan.Patterns;
        Statement statement = Prepare(reader, Choose(reader, plan, sortLimit), plan);
        var ids = new List<long>();
        while (statement.Step())
        {
            ids.Add(statement.Int64(0));
        }

        statement.Reset();
        return (ids, ReadRows(reader, query, ids.GetRange(0, Math.Min(ChunkRows, ids.Count))));
    }

    /// <summary>The way to run the plan that leads to the fewest studies, if these are few.</summary>
    private static string Choose(Reader reader, QueryPlan plan, int sortLimit)
    {
        string sql = plan.Sql;
        long fewest = sortLimit + 1L;
        foreach (QueryPlan.Drive drive in plan.Drives)
        {
            Statement statement = Prepare(reader, string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM ({drive.Ids} LIMIT {sortLimit + 1L})"), plan);
            long count = statement.Step() ? statement.Int64(0) : 0;
            statement.Reset();
            if (count < fewest)
            {
                (sql, fewest) = (drive.Sql, count);
            }
        }

        return sql;
    }

    private static Statement Prepare(Reader reader, string sql, QueryPlan plan)
    {
        Statement statement = reader.Prepare(sql);
        Bind(statement, plan);
        return statement;
    }

    /// <summary>Binds what the statement names of the parameters of its plan.</summary>
    internal static void Bind(Statement statement, QueryPlan plan)
    {
        for (int i = 0; i < Math.Min(plan.Parameters.Count, statement.Parameters); i++)
        {
            if (plan.Parameters[i] is long number)
            {
                statement.Bind(i + 1, number);
            }
            else
            {
                statement.Bind(i + 1, (string)plan.Parameters[i]);
            }
        }
    }

    private static List<DataSet> ReadRows(Reader reader, CatalogueQuery query, List<long> ids)
    {
        var rowReader = new RowReader(reader, query);
        var rows = new List<DataSet>(ids.Count);
        foreach (long id in ids)
        {
            if (rowReader.Read(id) is { } row)
            {
                rows.Add(row);
            }
        }

        return rows;
    }
}
