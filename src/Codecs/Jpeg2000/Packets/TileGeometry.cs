using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>One resolution of one component in one tile, cut into precincts (T.800 §B.5, §B.6).</summary>
/// <param name="Area">Its samples.</param>
/// <param name="WidthLog">PPx, logarithm of the width of precincts.</param>
/// <param name="HeightLog">PPy.</param>
/// <param name="FirstNumber">Number of its first precinct among those of the component, all resolutions counted on.</param>
internal sealed record ResolutionGrid(Area Area, int WidthLog, int HeightLog, long FirstNumber)
{
    /// <summary>Precincts in a row.</summary>
    internal int Across => Area.IsEmpty ? 0 : Divide.Up(Area.X1, 1 << WidthLog) - (Area.X0 >> WidthLog);

    /// <summary>Rows of precincts.</summary>
    internal int Down => Area.IsEmpty ? 0 : Divide.Up(Area.Y1, 1 << HeightLog) - (Area.Y0 >> HeightLog);

    internal long Precincts => (long)Across * Down;
}

/// <summary>Components, resolutions and precincts of one tile.</summary>
internal sealed class TileGeometry
{
    private readonly CodestreamHeaders _headers;
    private readonly int _tile;
    private readonly Area _area;
    private readonly ResolutionGrid[][] _components;

    internal TileGeometry(CodestreamHeaders headers, int tile)
    {
        (_headers, _tile, _area) = (headers, tile, headers.Size.Tile(tile));
        _components = new ResolutionGrid[headers.Size.Components.Count][];
        for (var c = 0; c < _components.Length; c++)
        {
            var style = headers.StyleOf(tile, c);
            var first = 0L;
            _components[c] = new ResolutionGrid[style.Levels + 1];
            for (var r = 0; r <= style.Levels; r++)
            {
                var grid = new ResolutionGrid(
                    SamplesOf(c).Reduce(1L << (style.Levels - r), 1L << (style.Levels - r)), style.Precincts[r] & 15, style.Precincts[r] >> 4, first);
                _components[c][r] = grid;
                first += grid.Precincts;
            }

            Precincts += first;
        }
    }

    /// <summary>Precincts of the tile in all.</summary>
    internal long Precincts { get; }

    internal int Components => _components.Length;

    internal int MostResolutions => _components.Max(resolutions => resolutions.Length);

    internal bool Has(int component, int resolution) => resolution < _components[component].Length;

    internal ResolutionGrid Grid(int component, int resolution) => _components[component][resolution];

    /// <summary>Where on the reference grid a precinct comes in position progressions (T.800 §B.12.1.3).</summary>
    internal (long X, long Y) PositionOf(int component, int resolution, int precinct)
    {
        var grid = Grid(component, resolution);
        var shift = _components[component].Length - 1 - resolution;
        var size = _headers.Size.Components[component];
        return (
            Position(precinct % grid.Across, grid.Area.X0, grid.WidthLog, shift, size.StepX, _area.X0),
            Position(precinct / grid.Across, grid.Area.Y0, grid.HeightLog, shift, size.StepY, _area.Y0));

        static long Position(int index, int start, int log, int shift, int step, int tileStart) =>
            index == 0 && (start & ((1L << log) - 1)) != 0 ? tileStart : (((long)(start >> log) + index) << log << shift) * step;
    }

    /// <summary>The subbands of a resolution as far as they lie in a precinct (T.800 §B.5 to §B.7), in units of code-blocks.</summary>
    internal BlockGrid[] BlocksOf(int component, int resolution, int precinct)
    {
        var style = _headers.StyleOf(_tile, component);
        var grid = Grid(component, resolution);
        var samples = SamplesOf(component);
        var half = resolution == 0 ? 0 : 1;
        var bands = new BlockGrid[resolution == 0 ? 1 : 3];
        for (var i = 0; i < bands.Length; i++)
        {
            // HL, LH, HH: the first differs in x, the second in y, the third in both.
            var (highX, highY) = resolution == 0 ? (0, 0) : ((i + 1) & 1, (i + 1) >> 1);
            var level = style.Levels - resolution + half;
            var (offsetX, offsetY, unit) = half == 0 ? (0L, 0L, 1L << level) : ((long)highX << (level - 1), (long)highY << (level - 1), 1L << level);
            var (widthLog, heightLog) = (grid.WidthLog - half, grid.HeightLog - half);
            var column = (long)(grid.Area.X0 >> grid.WidthLog) + (precinct % grid.Across);
            var row = (long)(grid.Area.Y0 >> grid.HeightLog) + (precinct / grid.Across);
            bands[i] = BlockGrid.Of(
                (Math.Max(Band(samples.X0, offsetX, unit), column << widthLog), Math.Min(Band(samples.X1, offsetX, unit), (column + 1) << widthLog)),
                (Math.Max(Band(samples.Y0, offsetY, unit), row << heightLog), Math.Min(Band(samples.Y1, offsetY, unit), (row + 1) << heightLog)),
                Math.Min(style.BlockWidthLog, widthLog),
                Math.Min(style.BlockHeightLog, heightLog));
        }

        return bands;

        // T.800 equation B-15.
        static long Band(int bound, long offset, long unit) => (bound - offset + unit - 1) / unit;
    }

    private Area SamplesOf(int component) => _area.Reduce(_headers.Size.Components[component].StepX, _headers.Size.Components[component].StepY);
}

/// <summary>Code-blocks of a subband in a precinct.</summary>
internal readonly record struct BlockGrid(int Across, int Down)
{
    internal static BlockGrid Of((long Start, long End) x, (long Start, long End) y, int widthLog, int heightLog) =>
        x.Start >= x.End || y.Start >= y.End ? default : new(
            (int)(((x.End + (1L << widthLog) - 1) >> widthLog) - (x.Start >> widthLog)),
            (int)(((y.End + (1L << heightLog) - 1) >> heightLog) - (y.Start >> heightLog)));
}
