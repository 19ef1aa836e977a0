using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>
/// What both sides of a stream remember of the last table of instances that was said on it, so that what stays the same from step to step
/// costs one byte; see docs/formats/feed.md, "Columns". One for each stream and side.
/// </summary>
public sealed class StateMemory
{
    /// <summary>The columns of SOP Class UID and Transfer Syntax UID, which are no attributes.</summary>
    internal static readonly (uint Tag, Vr Vr) SopClass = (0, default), TransferSyntax = (1, default);

    private Dictionary<(uint Tag, Vr Vr), ReadOnlyMemory<byte>> _values = [];
    private Dictionary<(uint Tag, Vr Vr), ReadOnlyMemory<byte>> _next = [];

    /// <summary>The attributes of the table before, in order, when each stood in all rows; else null.</summary>
    internal IReadOnlyList<(uint Tag, Vr Vr)>? Layout { get; private set; }

    /// <summary>The value that a column had in all rows of the table before; null when it was not there or had several.</summary>
    internal ReadOnlyMemory<byte>? ValueOf((uint Tag, Vr Vr) column) => _values.TryGetValue(column, out ReadOnlyMemory<byte> value) ? value : null;

    /// <summary>Takes down that a column of the table at hand has one value; the bytes must not change.</summary>
    internal void Remember((uint Tag, Vr Vr) column, ReadOnlyMemory<byte> value) => _next[column] = value;

    /// <summary>The table at hand ends and becomes the one before.</summary>
    internal void EndTable(IReadOnlyList<(uint Tag, Vr Vr)>? layout)
    {
        Layout = layout;
        (_values, _next) = (_next, _values);
        _next.Clear();
    }

    internal void Clear()
    {
        Layout = null;
        _values.Clear();
        _next.Clear();
    }
}
