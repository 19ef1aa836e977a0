namespace Panal.ServiceClasses.Storage;

/// <summary>An instance that can be sent.</summary>
/// <param name="SopClassUid">Its SOP Class UID.</param>
/// <param name="SopInstanceUid">Its SOP Instance UID.</param>
/// <param name="TransferSyntaxUid">The transfer syntax in which it is stored.</param>
/// <param name="Open">Opens its data set in one of the accepted transfer syntaxes, best in its own; null when it has none of them.</param>
public sealed record SendableInstance(
    string SopClassUid, string SopInstanceUid, string TransferSyntaxUid, Func<IReadOnlyCollection<string>, OutgoingDataSet?> Open)
{
    /// <summary>Waits until it can be opened, since it is still on its way here; null when it is here.</summary>
    public Func<CancellationToken, ValueTask>? Arrival { get; init; }
}

/// <summary>A data set that is ready to be sent.</summary>
/// <param name="Content">The data set without file meta information, from its first byte.</param>
/// <param name="TransferSyntaxUid">The transfer syntax that it is in.</param>
public sealed record OutgoingDataSet(Stream Content, string TransferSyntaxUid) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
