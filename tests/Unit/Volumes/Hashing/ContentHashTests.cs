using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Panal.Volumes;

namespace Panal.Unit.Volumes.Hashing;

public sealed class ContentHashTests
{
    private const int Block = ContentHash.BlockBytes;

    /// <summary>The definition of RFC 9162 §2.1.1, word by word; the fast one must equal it.</summary>
    private static byte[] Reference(ReadOnlySpan<byte> content)
    {
        var blocks = (content.Length + Block - 1) / Block;
        if (blocks == 0)
        {
            return SHA256.HashData([]);
        }

        if (blocks == 1)
        {
            return SHA256.HashData((byte[])[0, .. content]);
        }

        var split = 1;
        while (split * 2 < blocks)
        {
            split *= 2;
        }

        return SHA256.HashData((byte[])[1, .. Reference(content[..(split * Block)]), .. Reference(content[(split * Block)..])]);
    }

    private static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    public static TheoryData<int> Lengths => [0, 1, Block - 1, Block, Block + 1, 2 * Block, 3 * Block - 1, 3 * Block, 5 * Block + 17, 8 * Block, 11 * Block];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void It_is_the_merkle_tree_hash_of_RFC_9162(int length)
    {
        var content = Content(length);
        Assert.Equal(Reference(content), ContentHash.Of(content).ToArray());
    }

    [Fact]
    public void Every_way_to_cut_the_bytes_gives_the_same_hash_and_the_hasher_can_be_used_again()
    {
        var content = Content(3 * Block + 1_000);
        var expected = ContentHash.Of(content);
        using var hasher = new ContentHasher();
        foreach (var piece in (int[])[1_000, 4_096, Block - 1, Block, Block + 1, 2 * Block, content.Length])
        {
            hasher.Append(Content(777));
            hasher.Reset();
            for (var offset = 0; offset < content.Length; offset += piece)
            {
                hasher.Append(content.AsSpan(offset, Math.Min(piece, content.Length - offset)));
            }

            Assert.Equal(content.Length, hasher.LengthBytes);
            Assert.Equal(expected, hasher.Complete());
        }
    }

    [Fact]
    public void The_python_program_of_the_format_page_agrees()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/formats/content-hash.md"));
        var program = Regex.Match(page, "```python\n(?<program>.*?)```", RegexOptions.Singleline, TimeSpan.FromSeconds(1)).Groups["program"].Value;
        Assert.True(program.Split('\n').Length <= 17, "the witness fits on a few lines");
        foreach (var length in (int[])[0, 1, Block, Block + 1, 5 * Block + 17])
        {
            var path = Path.Combine(Path.GetTempPath(), $"panal-hash-{Guid.NewGuid():N}");
            try
            {
                File.WriteAllBytes(path, Content(length));
                Assert.Equal(ContentHash.Of(Content(length)).ToString(), Python(program, path));
            }
            finally
            {
                File.Delete(path);
            }
        }
    }

    private static string Python(string program, string path)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("python3", ["-c", program, path]) { RedirectStandardOutput = true, UseShellExecute = false })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output.Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("python3 is not installed");
            throw;
        }
    }

    [Fact]
    public void Its_text_is_64_hexadecimal_digits_both_ways()
    {
        var hash = ContentHash.Of("panal"u8);
        Assert.Matches("^[0-9a-f]{64}$", hash.ToString());
        Assert.Equal(hash, ContentHash.Parse(hash.ToString()));
        Assert.Equal(hash.GetHashCode(), ContentHash.Parse(hash.ToString()).GetHashCode());
        Assert.NotEqual(hash, ContentHash.Of("Panal"u8));
        foreach (var text in (string[])["", "00", new string('0', 63), new string('0', 65), new string('g', 64)])
        {
            Assert.False(ContentHash.TryParse(text, out _));
        }

        Assert.Throws<FormatException>(() => ContentHash.Parse("x"));
        Assert.Throws<ArgumentException>(() => new ContentHash(new byte[31]));
    }

    [Fact]
    public void Hashing_allocates_nothing()
    {
        var content = Content(2 * Block + 100);
        using var hasher = new ContentHasher();
        hasher.Append(content);
        _ = hasher.Complete();
        Assert.Equal(0, Allocated.Bytes(() =>
        {
            for (var index = 0; index < 20; index++)
            {
                hasher.Append(content);
                _ = hasher.Complete();
            }
        }));
    }
}
