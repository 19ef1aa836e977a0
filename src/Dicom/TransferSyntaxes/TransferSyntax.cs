namespace Panal.Dicom;

/// <summary>How the elements of a data set are encoded (PS3.5 §10, Annex A).</summary>
public sealed class TransferSyntax
{
    private TransferSyntax(string uid, bool isExplicitVr, bool isBigEndian, bool isEncapsulated, bool isDeflated, bool isKnown)
    {
        Uid = uid;
        Name = Uids.NameOf(uid);
        IsExplicitVr = isExplicitVr;
        IsBigEndian = isBigEndian;
        IsEncapsulated = isEncapsulated;
        IsDeflated = isDeflated;
        IsKnown = isKnown;
    }

    public static TransferSyntax ImplicitVrLittleEndian { get; } =
        new(Uids.ImplicitVRLittleEndian, isExplicitVr: false, isBigEndian: false, isEncapsulated: false, isDeflated: false, isKnown: true);

    public static TransferSyntax ExplicitVrLittleEndian { get; } =
        new(Uids.ExplicitVRLittleEndian, isExplicitVr: true, isBigEndian: false, isEncapsulated: false, isDeflated: false, isKnown: true);

    public static TransferSyntax ExplicitVrBigEndian { get; } =
        new(Uids.ExplicitVRBigEndian, isExplicitVr: true, isBigEndian: true, isEncapsulated: false, isDeflated: false, isKnown: true);

    public static TransferSyntax DeflatedExplicitVrLittleEndian { get; } =
        new(Uids.DeflatedExplicitVRLittleEndian, isExplicitVr: true, isBigEndian: false, isEncapsulated: false, isDeflated: true, isKnown: true);

    private static readonly Dictionary<string, TransferSyntax> Known = FindKnown();

    public string Uid { get; }

    /// <summary>The name in the standard, or the UID itself.</summary>
    public string Name { get; }

    public bool IsExplicitVr { get; }

    public bool IsBigEndian { get; }

    /// <summary>Whether pixel data is a sequence of compressed fragments (PS3.5 §A.4).</summary>
    public bool IsEncapsulated { get; }

    /// <summary>Whether the whole data set is compressed (PS3.5 §A.5).</summary>
    public bool IsDeflated { get; }

    /// <summary>Whether the standard (or this list) names it; false for one that is taken for encapsulated.</summary>
    public bool IsKnown { get; }

    /// <summary>Every transfer syntax that is known by name.</summary>
    public static IReadOnlyCollection<TransferSyntax> All => Known.Values;

    /// <summary>The syntax of a UID; an unknown one is taken for explicit little endian with encapsulated pixel data (PS3.5 §A.4).</summary>
    public static TransferSyntax ForUid(string uid) =>
        Known.TryGetValue(uid, out var syntax)
            ? syntax
            : new TransferSyntax(uid, isExplicitVr: true, isBigEndian: false, isEncapsulated: true, isDeflated: false, isKnown: false);

    /// <summary>Whether elements are encoded alike, whatever pixel data and deflation do.</summary>
    internal bool HasSameElementEncoding(TransferSyntax other) => IsExplicitVr == other.IsExplicitVr && IsBigEndian == other.IsBigEndian;

    public override string ToString() => Name;

    private static Dictionary<string, TransferSyntax> FindKnown()
    {
        var known = new Dictionary<string, TransferSyntax>(StringComparer.Ordinal);
        foreach (var entry in Uids.All)
        {
            // Not encodings of a Part 10 data set: mail and XML (both retired), and real-time video (PS3.22).
            if (entry.Type != "Transfer Syntax" || entry.Uid.StartsWith("1.2.840.10008.1.2.6.", StringComparison.Ordinal)
                || entry.Uid.StartsWith("1.2.840.10008.1.2.7.", StringComparison.Ordinal))
            {
                continue;
            }

            known[entry.Uid] = entry.Uid switch
            {
                Uids.ImplicitVRLittleEndian => ImplicitVrLittleEndian,
                Uids.ExplicitVRLittleEndian => ExplicitVrLittleEndian,
                Uids.ExplicitVRBigEndian => ExplicitVrBigEndian,
                Uids.DeflatedExplicitVRLittleEndian => DeflatedExplicitVrLittleEndian,
                Uids.Papyrus3ImplicitVRLittleEndian => new(entry.Uid, false, false, false, false, isKnown: true),

                // Pixel data is a URL: nothing is encapsulated (PS3.5 §A.6, §A.7).
                Uids.JPIPReferenced or Uids.JPIPHTJ2KReferenced => new(entry.Uid, true, false, false, false, isKnown: true),
                Uids.JPIPReferencedDeflate or Uids.JPIPHTJ2KReferencedDeflate => new(entry.Uid, true, false, false, true, isKnown: true),
                _ => new(entry.Uid, true, false, true, false, isKnown: true),
            };
        }

        // GE's private syntax: implicit VR with pixel data of the other byte order; stored and given back as it came.
        const string GeImplicitBigEndianPixels = "1.2.840.113619.5.2";
        known[GeImplicitBigEndianPixels] = new(GeImplicitBigEndianPixels, false, false, false, false, isKnown: true);
        return known;
    }
}
