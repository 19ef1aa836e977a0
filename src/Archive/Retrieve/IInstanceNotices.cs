namespace Panal.Archive.Retrieve;

/// <summary>Hears from other archives that something can be had there, or not any more; implemented by whoever mirrors them.</summary>
public interface IInstanceNotices
{
    /// <summary>An archive says how instances of a study are available. What it says is not believed: it is asked about the study.</summary>
    /// <param name="callingAeTitle">Who says so.</param>
    /// <param name="studyInstanceUid">The study.</param>
    /// <returns>False when nobody here mirrors that archive.</returns>
    bool Notice(string callingAeTitle, string studyInstanceUid);
}
