using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Panal.Volumes.Files;

/// <summary>The file system of this machine; portable, with the faster calls of Linux where they are.</summary>
internal sealed class DiskFiles : IVolumeFiles
{
    private const UnixFileMode FileMode640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode DirectoryMode750 = FileMode640 | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
    private const int CopyBufferBytes = 256 * 1024;

    // False when the umask of the process takes more from a new file than our mode leaves away.
    private static bool? s_isModeKept;

    public static DiskFiles Instance { get; } = new();

    public IVolumeFile Create(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            return new DiskFile(CreateFile(path));
        }

        try
        {
            var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(handle, FileMode640);
            }

            return new DiskFile(handle);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("create", error);
        }
    }

    // .NET would ask the system several times more for each file: what it is, where it lies, whether somebody has locked it, its mode.
    [SupportedOSPlatform("linux")]
    private static SafeFileHandle CreateFile(string path)
    {
        var descriptor = LinuxCalls.Create(path, LinuxCalls.ReadWriteCreateNewCloseOnExec, (uint)FileMode640);
        Check("create", descriptor);
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        s_isModeKept ??= File.GetUnixFileMode(handle) == FileMode640;
        if (s_isModeKept is false)
        {
            File.SetUnixFileMode(handle, FileMode640);
        }

        return handle;
    }

    public IVolumeFile Open(string path, bool writable)
    {
        try
        {
            var access = writable ? FileAccess.ReadWrite : FileAccess.Read;
            return new DiskFile(File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("open", error);
        }
    }

    public bool Exists(string path) => File.Exists(path);

    public bool IsLink(string path)
    {
        var attributes = new FileInfo(path).Attributes;
        return attributes != (FileAttributes)(-1) && attributes.HasFlag(FileAttributes.ReparsePoint);
    }

    public void CreateDirectory(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else if (!Directory.Exists(path))
            {
                // One by one: the call itself gives the mode to the last one only.
                if (Path.GetDirectoryName(path) is { Length: > 0 } above)
                {
                    CreateDirectory(above);
                }

                Directory.CreateDirectory(path, DirectoryMode750);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("create directory", error);
        }
    }

    public IReadOnlyList<string> List(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? [.. Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry))]
                : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("list", error);
        }
    }

    public void Rename(string source, string target)
    {
        if (OperatingSystem.IsLinux())
        {
            Check("rename", LinuxCalls.Rename(source, target));
            return;
        }

        try
        {
            File.Move(source, target, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("rename", error);
        }
    }

    public bool Delete(string path)
    {
        try
        {
            var existed = File.Exists(path);
            File.Delete(path);
            return existed;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("delete", error);
        }
    }

    public void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            using var handle = OpenForReading(path);
            Check("sync directory", LinuxCalls.FSync(handle));
        }
    }

    public bool CanSyncFileSystem => OperatingSystem.IsLinux();

    public void SyncFileSystem(string path)
    {
        using var handle = OpenForReading(path);
        Check("sync file system", LinuxCalls.SyncFs(handle));
    }

    public void Copy(IVolumeFile source, long sourceOffset, IVolumeFile target, long targetOffset, long lengthBytes)
    {
        if (OperatingSystem.IsLinux() && source is DiskFile from && target is DiskFile to
            && targetOffset == 0 && lengthBytes >= DirectWrites.LeastBytes
            && DirectWrites.TryCopy(from, sourceOffset, to, lengthBytes))
        {
            return;
        }

        CopyThroughMemory(source, sourceOffset, target, targetOffset, lengthBytes);
    }

    private static void CopyThroughMemory(IVolumeFile source, long sourceOffset, IVolumeFile target, long targetOffset, long lengthBytes)
    {
        if (lengthBytes <= 0)
        {
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(CopyBufferBytes);
        try
        {
            while (lengthBytes > 0)
            {
                var read = source.Read(buffer.AsSpan(0, (int)Math.Min(lengthBytes, buffer.Length)), sourceOffset);
                if (read == 0)
                {
                    throw new StorageFailedException("A file is shorter than the log says.");
                }

                target.Write(buffer.AsSpan(0, read), default, targetOffset);
                (sourceOffset, targetOffset, lengthBytes) = (sourceOffset + read, targetOffset + read, lengthBytes - read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public long FreeBytes(string path)
    {
        try
        {
            return new DriveInfo(path).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("free space", error);
        }
    }

    public IDisposable Lock(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            file.Flush();
            return file;
        }
        catch (IOException error) when (error.HResult is 11 or 35 or unchecked((int)0x80070020))
        {
            throw new DataInUseException(
                $"The data directory '{Path.GetDirectoryName(path)}' is in use by another process{LockOwner(path)}; "
                + "stop that one first or choose another directory.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("lock", error);
        }
    }

    // The owner wrote its number into the lock file. Opened past .NET, which would want a lock for reading.
    private static string LockOwner(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return string.Empty;
        }

        try
        {
            using var file = OpenForReading(path);
            Span<byte> text = stackalloc byte[20];
            var length = RandomAccess.Read(file, text, 0);
            return int.TryParse(text[..length].TrimEnd((byte)'\n'), out var process) ? $" (process {process})" : string.Empty;
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }

    private static SafeFileHandle OpenForReading(string path)
    {
        var handle = LinuxCalls.Open(path, LinuxCalls.ReadOnlyCloseOnExec);
        Check("open", handle);
        return new SafeFileHandle(handle, ownsHandle: true);
    }

    private static void Check(string operation, int result)
    {
        if (result < 0)
        {
            throw StorageErrors.FromErrno(operation, Marshal.GetLastPInvokeError());
        }
    }
}

/// <summary>One open file of <see cref="DiskFiles"/>.</summary>
internal sealed class DiskFile(SafeFileHandle handle) : IVolumeFile
{
    private const int Interrupted = 4;          // EINTR
    private const int InvalidArgument = 22;     // EINVAL

    public SafeFileHandle Handle => handle;

    public long LengthBytes => RandomAccess.GetLength(handle);

    public int Read(Span<byte> buffer, long offset)
    {
        try
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[total..], offset + total);
                if (read == 0)
                {
                    break;
                }

                total += read;
            }

            return total;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("read", error);
        }
    }

    // A socket or a file that is broken says so when it is written or read the usual way.
    public long SendTo(SafeHandle socket, long offset, long lengthBytes) =>
        OperatingSystem.IsLinux() ? Math.Max(0, LinuxCalls.SendFile(socket, handle, ref offset, (nint)lengthBytes)) : 0;

    /// <summary>Lets writes go past the page cache, or through it again; false where that cannot be had.</summary>
    public bool TrySetDirect(bool isDirect) =>
        LinuxCalls.SetFlags(handle, LinuxCalls.SetStatusFlags, isDirect ? LinuxCalls.Direct : 0) == 0;

    /// <summary>Writes whole blocks from aligned memory; false if the file system does not take them so.</summary>
    public bool TryWriteDirectly(ReadOnlySpan<byte> blocks, long offset)
    {
        try
        {
            RandomAccess.Write(handle, blocks, offset);
            return true;
        }
        catch (IOException error) when (error.HResult == InvalidArgument)
        {
            return false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("write", error);
        }
    }

    public void SetLength(long lengthBytes)
    {
        try
        {
            RandomAccess.SetLength(handle, lengthBytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("set length", error);
        }
    }

    public void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
    {
        if (OperatingSystem.IsLinux() && !first.IsEmpty && !second.IsEmpty)
        {
            WriteGathered(first, second, offset);
            return;
        }

        try
        {
            RandomAccess.Write(handle, first, offset);
            RandomAccess.Write(handle, second, offset + first.Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("write", error);
        }
    }

    private unsafe void WriteGathered(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
    {
        fixed (byte* firstStart = first, secondStart = second)
        {
            var vectors = stackalloc LinuxCalls.IoVector[2];
            nint done = 0;
            nint total = (nint)first.Length + second.Length;
            while (done < total)
            {
                var count = 0;
                if (done < first.Length)
                {
                    vectors[count++] = new() { Start = firstStart + done, Length = (nuint)(first.Length - done) };
                }

                var skipped = Math.Max(0, done - first.Length);
                vectors[count++] = new() { Start = secondStart + skipped, Length = (nuint)(second.Length - skipped) };
                var written = LinuxCalls.PWriteV(handle, vectors, count, offset + done);
                if (written > 0)
                {
                    done += written;
                }
                else if (written == 0 || Marshal.GetLastPInvokeError() != Interrupted)
                {
                    throw StorageErrors.FromErrno("write", written == 0 ? StorageErrors.InputOutput : Marshal.GetLastPInvokeError());
                }
            }
        }
    }

    public void Clear(long offset, long lengthBytes)
    {
        if (OperatingSystem.IsLinux() && DirectWrites.TryClear(this, offset, lengthBytes))
        {
            return;
        }

        var zeros = new byte[Math.Min(lengthBytes, 1 << 20)];
        for (var end = offset + lengthBytes; offset < end; offset += zeros.Length)
        {
            Write(zeros.AsSpan(0, (int)Math.Min(end - offset, zeros.Length)), default, offset);
        }
    }

    public void Allocate(long lengthBytes)
    {
        if (OperatingSystem.IsLinux() && LinuxCalls.FAllocate(handle, 0, 0, lengthBytes) == 0)
        {
            return;
        }

        var error = OperatingSystem.IsLinux() ? Marshal.GetLastPInvokeError() : 0;
        if (StorageErrors.IsFull(error) || StorageErrors.IsFailed(error))
        {
            throw StorageErrors.FromErrno("allocate", error);
        }

        SetLength(lengthBytes);       // file systems without fallocate
    }

    public void SyncData()
    {
        if (OperatingSystem.IsLinux())
        {
            if (LinuxCalls.FDataSync(handle) < 0)
            {
                throw StorageErrors.FromErrno("sync", Marshal.GetLastPInvokeError());
            }

            return;
        }

        try
        {
            RandomAccess.FlushToDisk(handle);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StorageErrors.Translate("sync", error);
        }
    }

    public void StartWriteback(long offset, long lengthBytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = LinuxCalls.SyncFileRange(handle, offset, lengthBytes, LinuxCalls.SyncRangeWrite);
        }
    }

    public void ReadAhead(long offset, long lengthBytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = LinuxCalls.FAdvise(handle, offset, lengthBytes, LinuxCalls.AdviseWillNeed);
        }
    }

    public void DropCache(long offset, long lengthBytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = LinuxCalls.FAdvise(handle, offset, lengthBytes, LinuxCalls.AdviseDontNeed);
        }
    }

    public void Dispose() => handle.Dispose();
}

/// <summary>From the errors of the system to the exceptions of this room; paths are left behind on purpose.</summary>
internal static class StorageErrors
{
    public const int InputOutput = 5;           // EIO

    private const int NotThere = 2;             // ENOENT

    public static bool IsFull(int errno) => errno is 28 or 122;                                       // ENOSPC EDQUOT

    public static bool IsFailed(int errno) => errno is 1 or InputOutput or 6 or 13 or 19 or 30 or 116 or 117 or 121;
    //                                     EPERM EIO ENXIO EACCES ENODEV EROFS ESTALE EUCLEAN EREMOTEIO

    public static IOException FromErrno(string operation, int errno)
    {
        var text = $"Storage: {operation}: {Marshal.GetPInvokeErrorMessage(errno)} ({errno})";
        return errno == NotThere ? new ObjectMissingException()
            : IsFull(errno) ? new StorageFullException(text)
            : IsFailed(errno) ? new StorageFailedException(text)
            : new IOException(text, errno);
    }

    public static IOException Translate(string operation, Exception error)
    {
        Debug.Assert(error is IOException or UnauthorizedAccessException);
        return error switch
        {
            FileNotFoundException or DirectoryNotFoundException => new ObjectMissingException(),
            UnauthorizedAccessException => new StorageFailedException($"Storage: {operation}: access denied"),
            StorageFullException or StorageFailedException or ObjectMissingException => (IOException)error,
            _ when !OperatingSystem.IsWindows() => FromErrno(operation, error.HResult),
            _ => new IOException($"Storage: {operation}: error {error.HResult:X8}", error.HResult),
        };
    }
}
