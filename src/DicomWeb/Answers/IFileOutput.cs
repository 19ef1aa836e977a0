using Panal.Archive.Retrieve;

namespace Panal.DicomWeb.Answers;

/// <summary>A connection over which parts of files leave without passing through this process; a feature of a request where there is one.</summary>
public interface IFileOutput
{
    /// <summary>
    /// The next bytes that the response is advanced by, all at once, are not written to memory: they are these. Nothing else is written until they are flushed,
    /// and the file stays open as long.
    /// </summary>
    void Append(StoredFile file, long offsetBytes, int lengthBytes);
}
