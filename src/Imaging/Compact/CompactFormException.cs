namespace Panal.Imaging.Compact;

/// <summary>A compact form cannot give back a frame, however often it is read; the message holds numbers only.</summary>
public sealed class CompactFormException(string message, Exception? cause = null) : IOException(message, cause);
