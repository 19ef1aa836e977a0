using Panal.Catalogue;
using Panal.Imaging.Compact;

namespace Panal.Archive.Compaction;

/// <summary>What is to be done with one copy now.</summary>
internal enum CompactionVerdict
{
    /// <summary>Make its compact form.</summary>
    Compact,

    /// <summary>Remember that it never has one.</summary>
    NotApplicable,

    /// <summary>Look again later: too young, or its bytes are in doubt.</summary>
    Later,

    /// <summary>The policy does not want it; another policy may.</summary>
    NotWanted,
}

/// <summary>Decides what is compacted.</summary>
internal static class CompactionPolicy
{
    internal static CompactionVerdict Decide(CompactionCandidate candidate, CompactionOptions options, TimeSpan minimumAge, DateTimeOffset now)
    {
        if (!CompactForm.SourceSyntaxUids.Contains(candidate.TransferSyntaxUid))
        {
            return CompactionVerdict.NotApplicable;
        }

        if (!options.Modalities.Contains(candidate.Modality, StringComparer.Ordinal)
            || (candidate.SourceAeTitle.Length > 0 && options.ExceptSources.Contains(candidate.SourceAeTitle, StringComparer.Ordinal)))
        {
            return CompactionVerdict.NotWanted;
        }

        return candidate.Copy.State != CopyState.Online || now - candidate.ReceivedAt < minimumAge ? CompactionVerdict.Later : CompactionVerdict.Compact;
    }
}
