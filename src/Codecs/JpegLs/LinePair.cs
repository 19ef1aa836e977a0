using System.Buffers;

namespace Panal.Codecs.JpegLs;

/// <summary>Two lines of a component, the one above and the current one, each with a sample of surroundings at both ends.</summary>
/// <remarks>
/// Index 0 stands left of the line, 1 is its first sample. Left of a line stands the sample above its first one; right of the line
/// above its last sample is repeated; above the first line all is zero (T.87 §A.2.1, Figure A.1).
/// </remarks>
internal sealed class LinePair : IDisposable
{
    private readonly ushort[] _values;
    private readonly int _stride;
    private int _current;

    internal LinePair(int width)
    {
        Width = width;
        _stride = width + 2;
        _values = ArrayPool<ushort>.Shared.Rent(2 * _stride);
        Clear();
    }

    internal int Width { get; }

    /// <summary>RUNindex, kept for each component.</summary>
    internal int RunIndex { get; set; }

    internal Span<ushort> Above => _values.AsSpan((1 - _current) * _stride, _stride);

    internal Span<ushort> Current => _values.AsSpan(_current * _stride, _stride);

    /// <summary>The samples of the current line alone.</summary>
    internal Span<ushort> Samples => Current.Slice(1, Width);

    /// <summary>Begins the next line.</summary>
    internal void Advance()
    {
        _current = 1 - _current;
        var above = Above;
        above[Width + 1] = above[Width];
        Current[0] = above[1];
    }

    /// <summary>Begins anew, as at the first line.</summary>
    internal void Clear()
    {
        _values.AsSpan(0, 2 * _stride).Clear();
        RunIndex = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<ushort>.Shared.Return(_values);
}
