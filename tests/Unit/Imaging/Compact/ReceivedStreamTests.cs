using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact;
using Panal.Unit.Architecture;

namespace Panal.Unit.Imaging.Compact;

public sealed class ReceivedStreamTests
{
    private static readonly TransferSyntax Explicit = TransferSyntax.ExplicitVrLittleEndian;

    [Fact]
    public async Task It_can_be_read_at_any_offset()
    {
        var file = CompactFiles.File(new Images { Frames = 4, HasTrailing = true }.Native(Explicit), Explicit);
        using var received = ReceivedStream.Open(new MemoryStream(await CompactFiles.MakeAsync(file)), ImageLimits.Default);
        Assert.Equal(CompactFiles.Hash, received.Hash.ToArray());
        var random = new Random(7);
        var bytes = new byte[900];
        for (var round = 0; round < 200; round++)
        {
            var at = random.Next(file.Length);
            received.Position = at;
            var read = received.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            Assert.Equal(Math.Min(bytes.Length, file.Length - at), read);
            Assert.True(file.AsSpan(at, read).SequenceEqual(bytes.AsSpan(0, read)), $"at {at}");
        }

        received.Position = file.Length + 5;
        Assert.Equal(0, received.Read(bytes));
    }

    [Fact]
    public void Bytes_of_the_format_never_change()
    {
        var vectors = RepositoryFiles.Read("tests/vectors/compact-form.txt").Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ')).ToArray();
        Assert.NotEmpty(vectors);
        foreach (var vector in vectors)
        {
            Assert.Equal(vector[1], Convert.ToHexStringLower(CompactFiles.Receive(Convert.FromHexString(vector[2]))));
        }
    }

    [Fact]
    public async Task Cut_files_are_refused_or_give_an_error_never_other_bytes()
    {
        var file = CompactFiles.File(new Images { Layout = new(9, 7, 1, 16, 12), Frames = 2 }.Native(Explicit), Explicit);
        var compact = await CompactFiles.MakeAsync(file);
        for (var length = 0; length < compact.Length - 8; length++)
        {
            Assert.False(Survives(compact[..length]), $"cut at {length}");
        }
    }

    [Fact]
    public async Task Damaged_bytes_give_an_error_or_a_file_whose_hash_tells()
    {
        var compact = await CompactFiles.MakeAsync(CompactFiles.File(new Images { Layout = new(9, 7, 1, 16, 12), Frames = 2 }.Native(Explicit), Explicit));
        var read = 0;
        for (var at = 0; at < compact.Length; at++)
        {
            foreach (var bit in (byte[])[1, 16, 128])
            {
                var damaged = compact.ToArray();
                damaged[at] ^= bit;
                read += Survives(damaged) ? 1 : 0;
            }
        }

        Assert.InRange(read, 0, (compact.Length * 3) - 1);
    }

    [Fact]
    public void Steps_survive_every_cut_every_flipped_byte_and_impossible_numbers()
    {
        var random = new Random(3);
        var dictionary = new byte[4000];
        random.NextBytes(dictionary);
        byte[] target = [1, 2, 3, .. dictionary[100..900], 9, 9, .. dictionary[2000..4000], .. dictionary[..50]];
        var steps = new System.Buffers.ArrayBufferWriter<byte>();
        ByteSteps.Write(dictionary, target, steps);
        Assert.InRange(steps.WrittenCount, 1, 40);
        var result = new byte[target.Length];
        Assert.True(ByteSteps.TryFollow(dictionary, steps.WrittenSpan, result));
        Assert.Equal(target, result);
        for (var at = 0; at < steps.WrittenCount; at++)
        {
            Assert.False(ByteSteps.TryFollow(dictionary, steps.WrittenSpan[..at], result));
            for (var value = 0; value < 256; value++)
            {
                var damaged = steps.WrittenSpan.ToArray();
                damaged[at] = (byte)value;
                _ = ByteSteps.TryFollow(dictionary, damaged, result);
            }
        }

        Assert.False(ByteSteps.TryFollow(dictionary, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], result));
        Assert.False(ByteSteps.TryFollow(dictionary, [0, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0], result));
        Assert.False(ByteSteps.TryFollow(dictionary, [0, 0, 0], result));
        Assert.True(ByteSteps.TryFollow(dictionary, [], []));
    }

    /// <summary>Whether all can be read; anything but the typed errors fails the test.</summary>
    private static bool Survives(byte[] compact)
    {
        try
        {
            CompactFiles.Receive(compact);
            return true;
        }
        catch (Exception e) when (e is ImageException or DicomFormatException or IOException)
        {
            return false;
        }
    }
}
