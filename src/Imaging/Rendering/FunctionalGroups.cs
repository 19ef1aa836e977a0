using Panal.Dicom;

namespace Panal.Imaging.Rendering;

/// <summary>What an enhanced image says of its frames, of each alone or of all. PS3.3 §C.7.6.16.</summary>
internal static class FunctionalGroups
{
    /// <summary>The item of a functional group that holds for a frame; null when there is none.</summary>
    internal static DataSet? Find(DataSet image, Tag group, int frame)
    {
        var frames = image.GetSequence(Tags.PerFrameFunctionalGroupsSequence);
        if (frame < frames.Count && frames[frame].GetSequence(group) is [var own, ..])
        {
            return own;
        }

        return image.GetSequence(Tags.SharedFunctionalGroupsSequence) is [var shared, ..] && shared.GetSequence(group) is [var common, ..] ? common : null;
    }
}
