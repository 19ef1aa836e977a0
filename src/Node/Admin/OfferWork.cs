using System.Globalization;
using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Swarm.Transfers;

namespace Panal.Node.Admin;

/// <summary>What the administration socket does with studies that nobody holds, but an archive behind this node or another one has.</summary>
internal static class OfferWork
{
    /// <summary>Gets what is not here of a study, and tells how far it is.</summary>
    /// <returns>How it ended; null when everything is here, or the study is unknown.</returns>
    public static async Task<TransferView?> FetchAsync(Retriever retriever, string study, Action<TransferView> report, CancellationToken cancellationToken)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, "STUDY");
        identifier.Set(Tags.StudyInstanceUID, study);
        var lacking = retriever.Locate(new RetrieveRequest(InformationModel.StudyRoot, identifier, Relational: false), cancellationToken)
            .Where(static instance => !instance.IsHeldHere).ToList();
        if (lacking.Count == 0)
        {
            return null;
        }

        var (kept, bytes) = (0, 0L);
        foreach (var instance in lacking)
        {
            // One that does not come ends the waiting: the next would take as long again.
            if (!await retriever.BringAsync(instance, cancellationToken).ConfigureAwait(false))
            {
                break;
            }

            kept++;
            bytes += retriever.Current(instance).FileLengthBytes;
            report(ViewOf(study, TransferState.Running, lacking.Count, kept, bytes));
        }

        return kept == lacking.Count
            ? ViewOf(study, TransferState.Complete, lacking.Count, kept, bytes)
            : TransferView.Nothing(study, string.Create(CultureInfo.InvariantCulture, $"{kept} of {lacking.Count} images came; the others nobody gives now."));
    }

    private static TransferView ViewOf(string study, TransferState state, int images, int kept, long bytes) =>
        new(Guid.Empty, study, state, TransferPriority.Interactive, images, kept, kept, bytes, bytes, 0, null, [], null);
}
