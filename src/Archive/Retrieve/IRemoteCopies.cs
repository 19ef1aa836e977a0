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
}
