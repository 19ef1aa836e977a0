namespace Panal.Dicom;

/// <summary>Makes a data set from the tokens of a reader.</summary>
internal sealed class DataSetBuilder
{
    private readonly List<Open> _open = [];

    public DataSetBuilder() => Reset();

    private sealed record Open(DataSet DataSet, Tag Tag, Vr Vr)
    {
        public List<DataSet>? Items { get; init; }

        public List<ReadOnlyMemory<byte>>? Fragments { get; init; }
    }

    /// <summary>The data set of the top level.</summary>
    public DataSet DataSet { get; private set; } = new();

    private Open Last => _open[^1];

    public void Reset()
    {
        DataSet = new DataSet(48);
        _open.Clear();
        _open.Add(new Open(DataSet, default, Vr.None));
    }

    /// <summary>Leaves out the sequence of the top level that is being read.</summary>
    public void Abandon() => _open.RemoveRange(1, _open.Count - 1);

    /// <param name="token">The token.</param>
    /// <param name="value">The value of an element or fragment, in little endian; kept, not copied.</param>
    public void Add(in DataSetToken token, ReadOnlyMemory<byte> value)
    {
        switch (token.Kind)
        {
            case DataSetTokenKind.Element:
                Last.DataSet.Set(new Element(token.Tag, token.Vr, value));
                break;
            case DataSetTokenKind.SequenceStart:
                _open.Add(new Open(Last.DataSet, token.Tag, token.Vr) { Items = [] });
                break;
            case DataSetTokenKind.ItemStart:
                var item = new DataSet();
                item.Inherit(Last.DataSet);
                Last.Items!.Add(item);
                _open.Add(new Open(item, token.Tag, token.Vr));
                break;
            case DataSetTokenKind.ItemEnd:
                _open.RemoveAt(_open.Count - 1);
                break;
            case DataSetTokenKind.SequenceEnd:
                Last.DataSet.Set(new Element(token.Tag, Last.Items!.ToArray()));
                _open.RemoveAt(_open.Count - 1);
                break;
            case DataSetTokenKind.FragmentsStart:
                _open.Add(new Open(Last.DataSet, token.Tag, token.Vr) { Fragments = [] });
                break;
            case DataSetTokenKind.Fragment:
                Last.Fragments!.Add(value);
                break;
            case DataSetTokenKind.FragmentsEnd:
                Last.DataSet.Set(new Element(token.Tag, token.Vr, Last.Fragments!.ToArray()));
                _open.RemoveAt(_open.Count - 1);
                break;
        }
    }
}
