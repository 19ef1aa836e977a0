using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Panal.Volumes.Files;

/// <summary>The few calls of Linux that .NET does not offer; all are optional, see <see cref="DiskFiles"/>.</summary>
internal static unsafe partial class LinuxCalls
{
    public const int ReadOnlyCloseOnExec = 0x80000;       // O_RDONLY | O_CLOEXEC, the same on every architecture
    public const int ReadWriteCreateNewCloseOnExec = 0x800C2;       // O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC
    public const uint SyncRangeWrite = 2;                 // SYNC_FILE_RANGE_WRITE
    public const int AdviseWillNeed = 3;                  // POSIX_FADV_WILLNEED
    public const int AdviseDontNeed = 4;                  // POSIX_FADV_DONTNEED
    public const int AdviseHugePage = 14;                 // MADV_HUGEPAGE
    public const int SetStatusFlags = 4;                  // F_SETFL

    // O_DIRECT has another number on 64-bit ARM.
    public static readonly int Direct = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;

    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        public void* Start;
        public nuint Length;
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int FDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFs(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Create(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string source, string target);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int SetFlags(SafeFileHandle file, int command, int flags);

    [LibraryImport("libc", EntryPoint = "pwritev", SetLastError = true)]
    public static partial nint PWriteV(SafeFileHandle file, IoVector* vectors, int count, long offset);

    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    public static partial nint SendFile(SafeHandle target, SafeFileHandle source, ref long offset, nint count);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "posix_fadvise", SetLastError = true)]
    public static partial int FAdvise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    public static partial int MAdvise(void* start, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int FAllocate(SafeFileHandle file, int mode, long offset, long length);
}
