using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb.Answers;
using Panal.Imaging;
using Panal.Imaging.Frames;
using Panal.Imaging.Rendering;

namespace Panal.DicomWeb.Retrieve;

/// <summary>A stored instance, taken apart for rendering.</summary>
internal sealed class OpenedImage : IDisposable
{
    private readonly Stream _bytes;

    private OpenedImage(Stream bytes, StoredImage image) => (_bytes, Image) = (bytes, image);

    public StoredImage Image { get; }

    /// <summary>Opens an instance that is here.</summary>
    /// <exception cref="ImageException">It is damaged or beyond a limit.</exception>
    /// <exception cref="WebFaultException">It has gone meanwhile.</exception>
    public static async ValueTask<OpenedImage> OpenAsync(Retriever retriever, InstanceReference instance, CancellationToken ct)
    {
        var file = retriever.OpenFile(instance) ?? throw WebFaultException.NotFound("There are no such instances");
        var bytes = file.Bytes;
        try
        {
            bytes.Position = file.DataSetOffsetBytes;
            var syntax = file.TransferSyntax;
            if (syntax.IsBigEndian || syntax.IsDeflated)
            {
                // Neither can be read from the middle; rare, and then small.
                (bytes, syntax) = (await ConvertAsync(bytes, syntax, ct), TransferSyntax.ExplicitVrLittleEndian);
            }

            return new OpenedImage(bytes, StoredImage.Read(bytes, syntax, RenderOptions.Limits));
        }
        catch (DicomFormatException e)
        {
            await bytes.DisposeAsync();
            throw new ImageException(ImageFault.Damaged, e.Message, e);
        }
        catch
        {
            await bytes.DisposeAsync();
            throw;
        }
    }

    public void Dispose() => _bytes.Dispose();

    private static async ValueTask<Stream> ConvertAsync(Stream source, TransferSyntax syntax, CancellationToken ct)
    {
        var limit = RenderOptions.Limits.EncodedFrameLengthBytes;
        var memory = new MemoryStream();
        await using var converted = new ConvertingStream(source, syntax, TransferSyntax.ExplicitVrLittleEndian);
        var buffer = new byte[InstanceBytes.StepBytes];
        int read;
        while ((read = await converted.ReadAsync(buffer, ct)) > 0)
        {
            if (memory.Length + read > limit)
            {
                throw new ImageException(ImageFault.LimitExceeded, $"An image of more than {limit} bytes in {syntax.Name}.");
            }

            memory.Write(buffer, 0, read);
        }

        memory.Position = 0;
        return memory;
    }
}
