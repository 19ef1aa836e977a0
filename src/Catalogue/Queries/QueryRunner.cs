using System.Globalization;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>
/// Runs queries. The ids of all rows are found in one snapshot; the rows are read in chunks, so that a slow taker holds no snapshot,
/// which would keep the write-ahead log from starting anew.
/// </summary>
internal sealed class QueryRunner(ReaderPool readers, CatalogueOptions options)
{
    /// <summary>Rows in memory at a time.</summary>
    internal const int ChunkRows = 256;

    internal IEnumerable<DataSet> Run(CatalogueQuery query, QueryPlan plan, CancellationToken ct)
    {
        (List<long> ids, List<DataSet> rows) = readers.Read(
            (query, plan, options), static (reader, state) => Find(reader, state.query, state.plan, state.options), ct);
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

    private static (List<long> Ids, List<DataSet> FirstRows) Find(Reader reader, CatalogueQuery query, QueryPlan plan, CatalogueOptions options)
    {
        reader.Conditions = plan.Conditions;
        reader.Patterns = plan.Patterns;
        reader.Words = plan.Words;
        List<long> ids = FindIds(reader, query, plan, options);
        return (ids, ReadRows(reader, query, ids.GetRange(0, Math.Min(ChunkRows, ids.Count))));
    }

    private static List<long> FindIds(Reader reader, CatalogueQuery query, QueryPlan plan, CatalogueOptions options)
    {
        if (plan.Drives.Count == 0)
        {
            return Ids(Prepare(reader, plan.Sql, plan));
        }

        (string fewest, bool isWalk) = Choose(reader, query, plan, options.ListCountLimit);
        if (isWalk)
        {
            try
            {
                reader.Looks = options.ListWalkSteps / Reader.StepsBetweenLooks;
                return Ids(Prepare(reader, plan.Sql, plan));
            }
            catch (CatalogueException) when (reader.IsExhausted)
            {
                // What matches stands at the far end of the list.
            }
            finally
            {
                reader.Looks = null;
            }
        }

        return Ids(Prepare(reader, fewest, plan));
    }

    private static List<long> Ids(Statement statement)
    {
        var ids = new List<long>();
        while (statement.Step())
        {
            ids.Add(statement.Int64(0));
        }

        statement.Reset();
        return ids;
    }

    /// <summary>
    /// The way to run the plan from the condition that leads to the fewest studies, and whether it is better to walk the list in its order until the page is full, which is the
    /// sooner, the more of all studies match.
    /// </summary>
    private static (string Fewest, bool IsWalk) Choose(Reader reader, CatalogueQuery query, QueryPlan plan, int countLimit)
    {
        long all = Math.Max(1, Count(reader, "SELECT max(id) FROM study", plan)), fewest = long.MaxValue;
        double share = 1;
        string sql = string.Empty;
        foreach (QueryPlan.Drive drive in plan.Drives)
        {
            long count = Count(reader, string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM ({drive.Ids} LIMIT {countLimit + 1L})"), plan);
            share *= Math.Min(1, (double)count / all);
            if (count < fewest)
            {
                (sql, fewest) = (drive.Sql, count);
            }
        }

        bool isWalk = plan.IsWalked && query.Limit is { } limit && (fewest > countLimit || ((double)query.Offset + limit) / share < fewest);
        return (sql, isWalk);
    }

    private static long Count(Reader reader, string sql, QueryPlan plan)
    {
        Statement statement = Prepare(reader, sql, plan);
        long count = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return count;
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
