using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>Which packet of a tile follows which (T.800 §B.12).</summary>
internal static class PacketOrder
{
    /// <summary>The packets of a tile, volume by volume; what one volume has had no later one has again.</summary>
    internal static IEnumerable<(int Component, int Resolution, int Precinct, int Layer)> Of(TileGeometry tile, IReadOnlyList<ProgressionVolume> volumes) =>
        volumes is [var only] ? Of(tile, only) : Changing(tile, volumes);

    private static IEnumerable<(int Component, int Resolution, int Precinct, int Layer)> Changing(TileGeometry tile, IReadOnlyList<ProgressionVolume> volumes)
    {
        var layersHad = new Dictionary<(int, int, int), int>();
        foreach (var packet in volumes.SelectMany(volume => Of(tile, volume)))
        {
            var precinct = (packet.Component, packet.Resolution, packet.Precinct);
            if (packet.Layer == layersHad.GetValueOrDefault(precinct))
            {
                layersHad[precinct] = packet.Layer + 1;
                yield return packet;
            }
        }
    }

    private static IEnumerable<(int Component, int Resolution, int Precinct, int Layer)> Of(TileGeometry tile, ProgressionVolume volume)
    {
        var layers = Enumerable.Range(0, volume.EndLayer);
        Place[] places = [.. Places(tile, volume)];
        return volume.Order switch
        {
            ProgressionOrder.Lrcp => from layer in layers
                                     from place in places
                                     select (place.Component, place.Resolution, place.Precinct, layer),
            ProgressionOrder.Rlcp => from resolution in places.GroupBy(place => place.Resolution)
                                     from layer in layers
                                     from place in resolution
                                     select (place.Component, place.Resolution, place.Precinct, layer),
            _ => from place in Sorted(tile, places, volume.Order)
                 from layer in layers
                 select (place.Component, place.Resolution, place.Precinct, layer),
        };
    }

    /// <summary>The precincts of a volume by resolution, component and position.</summary>
    private static IEnumerable<Place> Places(TileGeometry tile, ProgressionVolume volume)
    {
        var (endResolution, endComponent) = (Math.Min(volume.EndResolution, tile.MostResolutions), Math.Min(volume.EndComponent, tile.Components));
        for (var resolution = volume.FirstResolution; resolution < endResolution; resolution++)
        {
            for (var component = volume.FirstComponent; component < endComponent; component++)
            {
                for (var precinct = 0; tile.Has(component, resolution) && precinct < tile.Grid(component, resolution).Precincts; precinct++)
                {
                    yield return new Place(component, resolution, precinct);
                }
            }
        }
    }

    private static IEnumerable<Place> Sorted(TileGeometry tile, Place[] places, ProgressionOrder order)
    {
        var placed = places.Select(place => (Place: place, At: tile.PositionOf(place.Component, place.Resolution, place.Precinct)));
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
