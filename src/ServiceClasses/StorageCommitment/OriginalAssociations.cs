using System.Collections.Concurrent;
using Panal.Dimse;

namespace Panal.ServiceClasses.StorageCommitment;

/// <summary>The last association of each requestor of storage commitment, while it is open.</summary>
public sealed class OriginalAssociations
{
    private readonly ConcurrentDictionary<string, WeakReference<Association>> _byCaller = new(StringComparer.Ordinal);

    internal void Remember(Association association) => _byCaller[association.CallingAeTitle] = new WeakReference<Association>(association);

    internal Association? Find(string callingAeTitle) =>
        _byCaller.TryGetValue(callingAeTitle, out var reference) && reference.TryGetTarget(out var association) && association.State == UpperLayerState.Established ? association : null;
}
