using System.Runtime.InteropServices;

namespace Panal.Volumes.Files;

/// <summary>
/// Memory that direct writes take their bytes from. It is one huge page where the system has them: otherwise a write looks up 256 pages for each MiB,
/// which costs as much processor time as the write itself.
/// </summary>
internal sealed unsafe class DirectBuffer : IDisposable
{
    private const int LengthBytes = 2 << 20;        // a huge page of x86-64, and of ARM with pages of 4 KiB

    // Usually one writer is at work, the settler; others at the same moment take a buffer of their own.
    private static DirectBuffer? s_idle;

    private readonly void* _start = NativeMemory.AlignedAlloc(LengthBytes, LengthBytes);

    private DirectBuffer()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = LinuxCalls.MAdvise(_start, LengthBytes, LinuxCalls.AdviseHugePage);
        }
    }

    public Span<byte> Span => new(_start, LengthBytes);

    public static DirectBuffer Rent() => Interlocked.Exchange(ref s_idle, null) ?? new DirectBuffer();

    /// <summary>The one that nobody uses goes back to the system.</summary>
    public static void GiveBack() => Interlocked.Exchange(ref s_idle, null)?.Free();

    public void Dispose() => Interlocked.Exchange(ref s_idle, this)?.Free();

    private void Free() => NativeMemory.AlignedFree(_start);
}
