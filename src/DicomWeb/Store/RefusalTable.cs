using Panal.Archive.Ingest;

namespace Panal.DicomWeb.Store;

/// <summary>What this door answers for each reason why an instance is refused; docs/refusals.tsv shows all doors.</summary>
public static class RefusalTable
{
    /// <summary>Returns the Failure Reason (0008,1197) of a refusal (PS3.18 Table I.2-2; PS3.4 Table B.2-1; PS3.7 Annex C).</summary>
    public static ushort Find(IngestRefusal refusal) => refusal switch
    {
        IngestRefusal.OutOfResources => 0xA700,
        IngestRefusal.DataSetDoesNotMatchSopClass => 0xA900,
        IngestRefusal.CannotUnderstand => 0xC000,
        IngestRefusal.InvalidUid => 0x0117,
        IngestRefusal.DuplicateSopInstance => 0x0111,
        IngestRefusal.NotAuthorized => 0x0124,
        IngestRefusal.ProcessingFailure => 0x0110,
        _ => throw new ArgumentOutOfRangeException(nameof(refusal)),
    };
}
