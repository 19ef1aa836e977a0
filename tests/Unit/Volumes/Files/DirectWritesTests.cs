using Panal.Volumes.Files;

namespace Panal.Unit.Volumes.Files;

public sealed class DirectWritesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("panal-unit-").FullName;

    [Theory]
    [InlineData(1)]
    [InlineData(64 * 1024 - 1)]
    [InlineData(64 * 1024)]
    [InlineData(64 * 1024 + 1)]
    [InlineData((1 << 20) - 1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(3 * (1 << 20) + 4095)]
    public void A_copy_has_the_bytes_and_the_length_of_the_range(int lengthBytes)
    {
        const int offset = 4096;
        var bytes = new byte[offset + lengthBytes + 5000];
        Random.Shared.NextBytes(bytes);
        using var source = DiskFiles.Instance.Create(Path.Combine(_folder, "source"));
        source.Write(bytes, default, 0);
        using (var target = DiskFiles.Instance.Create(Path.Combine(_folder, "target")))
        {
            DiskFiles.Instance.Copy(source, offset, target, 0, lengthBytes);
            target.Write([1, 2, 3], default, lengthBytes);      // what follows goes the usual way, at any offset
        }

        var copied = File.ReadAllBytes(Path.Combine(_folder, "target"));

        Assert.Equal(lengthBytes + 3, copied.Length);
        Assert.True(copied.AsSpan(0, lengthBytes).SequenceEqual(bytes.AsSpan(offset, lengthBytes)));
        Assert.Equal([1, 2, 3], copied[lengthBytes..]);
    }

    [Theory]
    [InlineData(0, 8 * 4096)]
    [InlineData(4096, 4096)]
    [InlineData(4096, 5 << 20)]
    [InlineData(4096, 4095)]
    [InlineData(5000, 100_000)]
    public void A_range_that_is_cleared_has_zeros_and_the_rest_what_it_had(int offset, int lengthBytes)
    {
        var bytes = new byte[offset + lengthBytes + 5000];
        Random.Shared.NextBytes(bytes);
        using (var file = DiskFiles.Instance.Create(Path.Combine(_folder, "cleared")))
        {
            file.Write(bytes, default, 0);
            file.Clear(offset, lengthBytes);
        }

        bytes.AsSpan(offset, lengthBytes).Clear();
        Assert.True(File.ReadAllBytes(Path.Combine(_folder, "cleared")).AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public void A_source_that_ends_too_early_is_an_error()
    {
        using var source = DiskFiles.Instance.Create(Path.Combine(_folder, "source"));
        source.Write(new byte[100_000], default, 0);
        using var target = DiskFiles.Instance.Create(Path.Combine(_folder, "target"));

        Assert.Throws<Panal.Volumes.StorageFailedException>(() => DiskFiles.Instance.Copy(source, 0, target, 0, 100_001));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
