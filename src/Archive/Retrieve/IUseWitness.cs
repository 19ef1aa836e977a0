namespace Panal.Archive.Retrieve;

/// <summary>Hears what is used; implemented by whoever decides what stays. Called for each instance that is given out, so it must be quick.</summary>
public interface IUseWitness
{
    /// <summary>An instance is given out.</summary>
    /// <param name="studyInstanceUid">Its study.</param>
    /// <param name="lengthBytes">Length of its stored file, in bytes.</param>
    /// <param name="wasHere">False when other nodes had to be asked for it.</param>
    void Used(string studyInstanceUid, long lengthBytes, bool wasHere);
}
