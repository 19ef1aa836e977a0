namespace Panal.Volumes.Files;

/// <summary>File systems that rooms above may keep bytes on.</summary>
public static class VolumeFiles
{
    /// <summary>The file system of this machine.</summary>
    public static IVolumeFiles OfThisMachine => DiskFiles.Instance;
}
