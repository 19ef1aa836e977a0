namespace Panal.Catalogue;

/// <summary>Hears what became of a deferred write. Called on the thread that commits: it must be quick, and must not ask the catalogue.</summary>
public interface ICommitWitness
{
    /// <summary>The write is committed: visible, and durable after the next sync.</summary>
    void Committed();

    /// <summary>The write failed and left nothing.</summary>
    void Failed(Exception failure);
}
