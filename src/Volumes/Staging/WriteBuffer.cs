namespace Panal.Volumes.Staging;

/// <summary>What a writer needs while its bytes pass by; pooled.</summary>
internal sealed class WriteBuffer : IDisposable
{
    /// <summary>Small pieces are gathered up to this; larger writes gain nothing measurable.</summary>
    public const int LengthBytes = 128 * 1024;

    public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(LengthBytes, pinned: true);

    public ContentHasher Hasher { get; } = new();

    public void Reset() => Hasher.Reset();

    public void Dispose() => Hasher.Dispose();
}
