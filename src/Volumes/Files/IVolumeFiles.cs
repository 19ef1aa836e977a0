using System.Runtime.InteropServices;

namespace Panal.Volumes;

/// <summary>
/// The seam between this room and a file system: files, directories, and what makes them durable.
/// Nothing is durable before one of the Sync calls that covers it has returned.
/// </summary>
/// <remarks>
/// Every member throws <see cref="StorageFullException"/> for "no space", <see cref="StorageFailedException"/> for
/// input/output errors and read-only file systems, another <see cref="IOException"/> otherwise. No exception text
/// holds a path, because object paths may name patients.
/// </remarks>
public interface IVolumeFiles
{
    /// <summary>Creates a file that must not exist yet, readable and writable, mode 0640.</summary>
    IVolumeFile Create(string path);

    /// <summary>Opens an existing file.</summary>
    /// <exception cref="ObjectMissingException">There is no such file.</exception>
    IVolumeFile Open(string path, bool writable);

    /// <summary>True if a file (not a directory) is there.</summary>
    bool Exists(string path);

    /// <summary>True if the last component is a symbolic link.</summary>
    bool IsLink(string path);

    /// <summary>Creates a directory and all missing ones above it, mode 0750.</summary>
    void CreateDirectory(string path);

    /// <summary>Names of the files and directories in a directory; empty if it is not there.</summary>
    IReadOnlyList<string> List(string path);

    /// <summary>Renames a file atomically within one file system, replacing what is there.</summary>
    void Rename(string source, string target);

    /// <summary>Removes a file; false if it was not there.</summary>
    bool Delete(string path);

    /// <summary>Makes the entries of a directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>True if <see cref="SyncFileSystem"/> works here.</summary>
    bool CanSyncFileSystem { get; }

    /// <summary>Makes everything on the file system of this path durable.</summary>
    void SyncFileSystem(string path);

    /// <summary>Copies a range from one file to another, past the page cache where the platform can.</summary>
    void Copy(IVolumeFile source, long sourceOffset, IVolumeFile target, long targetOffset, long lengthBytes);

    /// <summary>Bytes that may still be written below this path.</summary>
    long FreeBytes(string path);

    /// <summary>Takes an exclusive lock that ends with the process or when disposed.</summary>
    /// <exception cref="DataInUseException">Another process holds it.</exception>
    IDisposable Lock(string path);
}

/// <summary>One open file.</summary>
public interface IVolumeFile : IDisposable
{
    /// <summary>Length in bytes.</summary>
    long LengthBytes { get; }

    /// <summary>Reads until the buffer is full or the file ends; returns the bytes read.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>
    /// Hands bytes to a socket without reading them into this process, as many as it takes now; zero if that is none, or where it cannot be done. The kernel
    /// reads them when they leave, which may be later.
    /// </summary>
    long SendTo(SafeHandle socket, long offset, long lengthBytes);

    /// <summary>Writes two spans one after the other at an offset, in one call to the system where possible.</summary>
    void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset);

    /// <summary>Writes zeros, past the page cache where the platform can.</summary>
    void Clear(long offset, long lengthBytes);

    /// <summary>Gives the file this length and reserves its blocks where the platform can.</summary>
    void Allocate(long lengthBytes);

    /// <summary>Makes all bytes written so far, and the length, durable (fdatasync).</summary>
    void SyncData();

    /// <summary>Advice: begin to write this range to the disk, so that a later sync is short.</summary>
    void StartWriteback(long offset, long lengthBytes);

    /// <summary>Advice: bring this range into memory meanwhile, for it will be read soon.</summary>
    void ReadAhead(long offset, long lengthBytes);

    /// <summary>Advice: forget this range in memory, so that the next read comes from the disk.</summary>
    void DropCache(long offset, long lengthBytes);
}
