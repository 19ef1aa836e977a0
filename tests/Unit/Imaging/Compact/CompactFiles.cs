using System.Buffers;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact;

namespace Panal.Unit.Imaging.Compact;

/// <summary>Part 10 files of made images, and their compact forms.</summary>
internal static class CompactFiles
{
    /// <summary>Stands for a content hash.</summary>
    public static byte[] Hash { get; } = [.. Enumerable.Range(1, 32).Select(number => (byte)number)];

    public static byte[] File(byte[] dataSet, TransferSyntax syntax)
    {
        var file = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(Uids.CTImageStorage, "1.2.3.4.5", syntax, file);
        file.Write(dataSet);
        return file.WrittenSpan.ToArray();
    }

    public static byte[] File(DataSet dataSet, TransferSyntax syntax)
    {
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, syntax, bytes);
        return File(bytes.WrittenSpan.ToArray(), syntax);
    }

    public static async Task<byte[]> MakeAsync(byte[] file, string syntaxUid = Uids.JPEGLSLossless)
    {
        using var form = await CompactForm.BeginAsync(
            new MemoryStream(file), Hash, TransferSyntax.ForUid(syntaxUid), ImageLimits.Default, TestContext.Current.CancellationToken);
        var target = new MemoryStream();
        target.Write(form.Head.Span);
        await form.DataSet.CopyToAsync(target, TestContext.Current.CancellationToken);
        return target.ToArray();
    }

    public static byte[] Receive(byte[] compact)
    {
        using var received = ReceivedStream.Open(new MemoryStream(compact), ImageLimits.Default);
        var target = new MemoryStream();
        received.CopyTo(target);
        Assert.Equal(target.Length, received.Length);
        return target.ToArray();
    }
}
