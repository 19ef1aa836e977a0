using System.Security.Cryptography;
using Panal.Conformance.Witnesses;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact;

namespace Panal.Conformance.Compaction;

/// <summary>Real files of every family, and their compact forms.</summary>
public sealed class CompactFormTests
{
    /// <summary>Longer files only in a long run.</summary>
    private const long OrdinaryLimitBytes = 2_000_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_real_file_that_has_a_compact_form_comes_back_bit_for_bit()
    {
        var (compacted, received, compact) = (0, 0L, 0L);
        foreach (var name in Corpus.Names)
        {
            if (!LongRun.IsAsked && new FileInfo(Corpus.PathOf(name)).Length > OrdinaryLimitBytes)
            {
                continue;
            }

            var file = Corpus.Read(name);
            if (await TryMakeAsync(file) is not { } made)
            {
                continue;
            }

            using var stream = ReceivedStream.Open(new MemoryStream(made), ImageLimits.Default);
            Assert.Equal(SHA256.HashData(file), stream.Hash.ToArray());
            var back = new byte[file.Length];
            stream.ReadExactly(back);
            Assert.True(file.AsSpan().SequenceEqual(back) && stream.Length == file.Length, name);
            compacted++;
            received += file.Length;
            compact += made.Length;
        }

        Assert.InRange(compacted, 50, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{compacted} files, {received} bytes in {compact}");
    }

    private static async Task<byte[]?> TryMakeAsync(byte[] file)
    {
        try
        {
            using var form = await CompactForm.BeginAsync(
                new MemoryStream(file), SHA256.HashData(file), TransferSyntax.ForUid(Uids.JPEGLSLossless), ImageLimits.Default, Ct);
            var target = new MemoryStream();
            target.Write(form.Head.Span);
            await form.DataSet.CopyToAsync(target, Ct);
            return target.ToArray();
        }
        catch (Exception e) when (e is ImageException or DicomFormatException)
        {
            return null;
        }
    }
}
