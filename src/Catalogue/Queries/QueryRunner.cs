using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>
/// Runs queries. The ids of all rows are found in one snapshot; the rows are read in chunks, so that a slow taker holds no snapshot,
/// which would keep the write-ahead log from starting anew.
/// </summary>
internal sealed class QueryRunner(ReaderPool readers)
{
    /// <summary>Rows in memory at a time.</summary>
    internal const int ChunkRows = 256;

    internal IEnumerable<DataSet> Run(CatalogueQuery query, QueryPlan plan, CancellationToken ct)
    {
        (List<long> ids, List<DataSet> rows) = readers.Read(
            (query, plan), static (reader, state) => Find(reader, state.query, state.plan), ct);
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

    private static (List<long> Ids, List<DataSet> FirstRows) Find(Reader reader, CatalogueQuery query, QueryPlan plan)
    {
        reader.Conditions = plan.Conditions;
        reader.Patterns = plan.Patterns;
        Statement statement = reader.Prepare(plan.Sql);
        Bind(statement, plan);
        var ids = new List<long>();
        while (statement.Step())
        {
            ids.Add(statement.Int64(0));
        }

        statement.Reset();
        return (ids, ReadRows(reader, query, ids.GetRange(0, Math.Min(ChunkRows, ids.Count))));
    }

    internal static void Bind(Statement statement, QueryPlan plan)
    {
        for (int i = 0; i < plan.Parameters.Count; i++)
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
