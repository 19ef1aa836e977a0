using Panal.Catalogue;
using Panal.Volumes;

namespace Panal.Archive.Fixity;

/// <summary>Reads single copies back from the disk.</summary>
public static class CopyFixity
{
    /// <summary>
    /// Reads the bytes of a copy back, in the form that they are kept in, and compares them with the catalogue. A copy that its compact form has come
    /// to stand for since it was looked up is read where it is now.
    /// </summary>
    public static async Task<VerifyOutcome> VerifyAsync(
        this VolumeStore volumes, CatalogueDatabase catalogue, string sopInstanceUid, CopyRecord copy, CancellationToken ct)
    {
        var outcome = await ReadBackAsync(volumes, copy, ct);
        return outcome == VerifyOutcome.Missing
            && catalogue.FindInstance(sopInstanceUid)?.Copies.FirstOrDefault(now => now.Version == copy.Version && now.Path != copy.Path) is { } moved
            ? await ReadBackAsync(volumes, moved, ct)
            : outcome;
    }

    /// <summary>
    /// What a verification changes in the catalogue. A copy that the disk did not give may be given tomorrow: its state stays, and so does the time of
    /// its last verification.
    /// </summary>
    public static CopyStateChange ChangeOf(string sopInstanceUid, CopyRecord copy, VerifyOutcome outcome, DateTimeOffset now)
    {
        var (state, verifiedAt) = outcome switch
        {
            VerifyOutcome.Verified => (CopyState.Online, now),
            VerifyOutcome.Missing => (CopyState.Missing, copy.VerifiedAt),
            VerifyOutcome.Damaged => (CopyState.Damaged, copy.VerifiedAt),
            _ => (copy.State, copy.VerifiedAt),
        };
        return new CopyStateChange(sopInstanceUid, copy.VolumeId, state, verifiedAt) { Version = copy.Version };
    }

    private static Task<VerifyOutcome> ReadBackAsync(VolumeStore volumes, CopyRecord copy, CancellationToken ct)
    {
        var (hash, length) = copy.Compact is { } compact ? (compact.Hash, compact.LengthBytes) : (copy.Hash, copy.LengthBytes);
        return volumes.VerifyAsync(new VolumeId(copy.VolumeId), copy.Path, new ContentHash(hash.Span), length, ct);
    }
}
