using Panal.Catalogue;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact;
using Panal.Volumes;

namespace Panal.Archive.Retrieve;

/// <summary>Opens copies as they were stored at first, whatever form they are kept in.</summary>
public static class ReceivedFiles
{
    /// <summary>Opens the file whose hash and length the copy names, at its start; it can be read at any offset, by one thread at a time.</summary>
    /// <exception cref="ObjectMissingException">The bytes are not where the copy says.</exception>
    /// <exception cref="IOException">They cannot be read, or the compact form is damaged.</exception>
    public static Stream OpenReceived(this VolumeStore volumes, CopyRecord copy)
    {
        var file = volumes.Open(new VolumeId(copy.VolumeId), copy.Path);
        if (copy.Compact is null)
        {
            return file;
        }

        try
        {
            return ReceivedStream.Open(file, ImageLimits.Default);
        }
        catch (Exception e) when (e is ImageException or DicomFormatException)
        {
            throw new IOException("The compact form of a stored instance is damaged.", e);
        }
    }
}
