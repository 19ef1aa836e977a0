namespace Panal.Security.Identities;

/// <summary>A document of a network is not as docs/formats/network.md says, or not signed by whom it must be.</summary>
public sealed class NetworkDocumentException(string message, Exception? inner = null) : Exception(message, inner);
