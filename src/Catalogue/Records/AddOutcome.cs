namespace Panal.Catalogue;

/// <summary>What happened to a record given to the catalogue.</summary>
public enum AddResult : byte
{
    /// <summary>New: rows and a change were written.</summary>
    Added = 1,

    /// <summary>The same SOP Instance UID with the same content hash is there; nothing was written.</summary>
    AlreadyThere = 2,

    /// <summary>The same SOP Instance UID is there with other content; nothing was written.</summary>
    OtherContent = 3,
}

/// <summary>Outcome of adding an instance.</summary>
/// <param name="Result">What happened.</param>
/// <param name="Existing">The copy that was there before; null when the instance was added.</param>
public readonly record struct AddOutcome(AddResult Result, CopyRecord? Existing);
