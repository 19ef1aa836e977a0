using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>
/// Writes states in columns, see docs/formats/feed.md. One encoder serves one stream: what it has said of a study or series there it does
/// not say again until it changes.
/// </summary>
public sealed class StateEncoder
{
    /// <summary>Studies and series remembered at most; then it begins to say them anew, which costs bytes only.</summary>
    private const int MemoryLimit = 4096;

    private readonly Dictionary<string, UInt128> _said = new(StringComparer.Ordinal);
    private readonly StateMemory _memory = new();

    /// <summary>Writes the columns to be compressed into one buffer, and the content hashes, which cannot be, into another.</summary>
    /// <exception cref="ArgumentException">A hash has another length, or there is more than a decoder takes.</exception>
    public void Encode(CatalogueState state, IBufferWriter<byte> columns, IBufferWriter<byte> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(state.InstanceCount, StateDecoder.InstanceLimit, nameof(state));
        // With what has gone the other side has forgotten what was said of its parents.
        if (_said.Count > MemoryLimit || state.GoneStudies.Count > 0 || state.GoneInstances.Count > 0 || state.Studies.Any(static study => study.IsWhole))
        {
            _said.Clear();
        }

        var writer = new ColumnWriter(columns);
        Uids(writer, state.GoneStudies);
        Uids(writer, state.GoneInstances);
        writer.Unsigned((ulong)state.Studies.Count);
        string previousStudy = string.Empty, previousSeries = string.Empty;
        foreach (StudyState study in state.Studies)
        {
            Text(writer, study.StudyInstanceUid, ref previousStudy);
            bool isSaid = study.Patient is null || IsKnown(study.StudyInstanceUid, study.Patient.Value.Span, study.Attributes!.Value.Span);
            writer.Byte((byte)((study.IsWhole ? StateFlags.Whole : 0) | (isSaid ? StateFlags.AsBefore : 0)));
            if (!isSaid)
            {
                writer.Bytes(study.Patient!.Value.Span);
                writer.Bytes(study.Attributes!.Value.Span);
            }

            writer.Unsigned((ulong)study.Series.Count);
            foreach (SeriesState series in study.Series)
            {
                Text(writer, series.SeriesInstanceUid, ref previousSeries);
                Series(writer, study, series, hashes);
            }
        }
    }

    /// <summary>Says everything anew: what was encoded last has not been sent.</summary>
    public void Forget()
    {
        _said.Clear();
        _memory.Clear();
    }

    private void Series(ColumnWriter writer, StudyState study, SeriesState series, IBufferWriter<byte> hashes)
    {
        bool isSaid = series.Attributes is null || IsKnown(study.StudyInstanceUid + "/" + series.SeriesInstanceUid, series.Attributes.Value.Span, default);
        writer.Byte(isSaid ? StateFlags.AsBefore : (byte)0);
        if (!isSaid)
        {
            writer.Bytes(series.Attributes!.Value.Span);
        }

        IReadOnlyList<InstanceState> instances = series.Instances;
        writer.Unsigned((ulong)instances.Count);
        if (instances.Count == 0)
        {
            return;
        }

        writer.Column(Texts(instances, static instance => instance.SopInstanceUid));
        writer.Column(Texts(instances, static instance => instance.SopClassUid), _memory, StateMemory.SopClass);
        writer.Column(Texts(instances, static instance => instance.TransferSyntaxUid), _memory, StateMemory.TransferSyntax);
        writer.Numbers([.. instances.Select(static instance => instance.LengthBytes)]);
        AttributeTable.Write(writer, instances, _memory);
        foreach (InstanceState instance in instances)
        {
            if (instance.Hash.Length != InstanceState.HashLengthBytes)
            {
                throw new ArgumentException("A content hash has 32 bytes.", nameof(series));
            }

            hashes.Write(instance.Hash.Span);
        }
    }

    private static void Uids(ColumnWriter writer, IReadOnlyList<string> uids)
    {
        writer.Unsigned((ulong)uids.Count);
        if (uids.Count > 0)
        {
            writer.Column([.. uids.Select(static uid => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(uid))]);
        }
    }

    /// <summary>A text by what differs from the one before.</summary>
    private static void Text(ColumnWriter writer, string text, ref string previous)
    {
        int shared = text.AsSpan().CommonPrefixLength(previous);
        writer.Unsigned((ulong)shared);
        writer.Bytes(Encoding.UTF8.GetBytes(text[shared..]));
        previous = text;
    }

    private static ReadOnlyMemory<byte>[] Texts(IReadOnlyList<InstanceState> instances, Func<InstanceState, string> of) =>
        [.. instances.Select(instance => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(of(instance)))];

    /// <summary>Whether exactly this was said on the stream; remembers it.</summary>
    private bool IsKnown(string subject, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        using var hasher = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hasher.AppendData(BitConverter.GetBytes(first.Length));
        hasher.AppendData(first);
        hasher.AppendData(second);
        UInt128 fingerprint = BitConverter.ToUInt128(hasher.GetHashAndReset());
        bool isKnown = _said.TryGetValue(subject, out UInt128 before) && before == fingerprint;
        _said[subject] = fingerprint;
        return isKnown;
    }
}

/// <summary>Flags of studies and series on the wire.</summary>
internal static class StateFlags
{
    internal const byte Whole = 1;
    internal const byte AsBefore = 2;
}
