namespace Panal.Archive.Retrieve;

/// <summary>Brings here what only other nodes hold; implemented by whoever knows the network.</summary>
public interface IRemoteCopies
{
    /// <summary>
    /// Waits until an instance that other nodes hold is here, durable and catalogued. The first who asks for one of a study begins to bring
    /// all of it; what is asked for comes first. Giving up waiting does not end that.
    /// </summary>
    /// <returns>False when it does not come: nobody holds it, there is no room, or nothing has come for too long.</returns>
    ValueTask<bool> BringAsync(InstanceReference wanted, CancellationToken ct);

    /// <summary>
    /// Waits until enough of an instance is here to be looked at, and brings the study as <see cref="BringAsync"/> does. What there is so far may be
    /// shown; it is not the instance.
    /// </summary>
    /// <returns>The first stages of its compact file (docs/formats/stages.md); none when it does not come in stages, has come whole meanwhile, or does not come.</returns>
    ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> BringStagesAsync(InstanceReference wanted, CancellationToken ct);
}
