using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>Which packet of a tile follows which (T.800 §B.12.1).</summary>
internal static class PacketOrder
{
    /// <summary>All packets of a tile in the order of its progression.</summary>
    internal static IEnumerable<(int Component, int Resolution, int Precinct, int Layer)> Of(TileGeometry tile, CodingStyle style) => style.Order switch
    {
        ProgressionOrder.Lrcp => from layer in Enumerable.Range(0, style.Layers)
                                 from place in ByResolution(tile)
                                 select (place.Component, place.Resolution, place.Precinct, layer),
        ProgressionOrder.Rlcp => from resolution in Enumerable.Range(0, tile.MostResolutions)
                                 from layer in Enumerable.Range(0, style.Layers)
                                 from place in OfResolution(tile, resolution)
                                 select (place.Component, place.Resolution, place.Precinct, layer),
        _ => from place in Sorted(tile, style.Order)
             from layer in Enumerable.Range(0, style.Layers)
             select (place.Component, place.Resolution, place.Precinct, layer),
    };

    private static IEnumerable<Place> ByResolution(TileGeometry tile) =>
        Enumerable.Range(0, tile.MostResolutions).SelectMany(resolution => OfResolution(tile, resolution));

    private static IEnumerable<Place> OfResolution(TileGeometry tile, int resolution)
    {
        for (var component = 0; component < tile.Components; component++)
        {
            for (var precinct = 0; tile.Has(component, resolution) && precinct < tile.Grid(component, resolution).Precincts; precinct++)
            {
                yield return new Place(component, resolution, precinct);
            }
        }
    }

    private static IEnumerable<Place> Sorted(TileGeometry tile, ProgressionOrder order)
    {
        var placed = ByResolution(tile).Select(place => (Place: place, At: tile.PositionOf(place.Component, place.Resolution, place.Precinct)));
        var sorted = order switch
        {
            ProgressionOrder.Rpcl => placed.OrderBy(p => p.Place.Resolution).ThenBy(p => p.At.Y).ThenBy(p => p.At.X).ThenBy(p => p.Place.Component),
            ProgressionOrder.Pcrl => placed.OrderBy(p => p.At.Y).ThenBy(p => p.At.X).ThenBy(p => p.Place.Component).ThenBy(p => p.Place.Resolution),
            _ => placed.OrderBy(p => p.Place.Component).ThenBy(p => p.At.Y).ThenBy(p => p.At.X).ThenBy(p => p.Place.Resolution),
        };
        return sorted.Select(p => p.Place);
    }

    private readonly record struct Place(int Component, int Resolution, int Precinct);
}
