namespace Panal.Volumes;

/// <summary>No room is left: on the staging disk, or on every volume of the group down to its reserve.</summary>
public sealed class StorageFullException(string message) : IOException(message);

/// <summary>Storage cannot be written or read: input/output error, read-only file system, volume not there.</summary>
public sealed class StorageFailedException(string message) : IOException(message);

/// <summary>There is no object under that path.</summary>
public sealed class ObjectMissingException() : IOException("There is no object under that path.");

/// <summary>The path is taken: objects are never overwritten; the write may be committed under another path.</summary>
public sealed class ObjectExistsException() : IOException("The path is taken; objects are never overwritten.");

/// <summary>Another process has the data directory open.</summary>
public sealed class DataInUseException(string message) : IOException(message);
