using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Panal.Archive.Fixity;
using Panal.Catalogue;
using Panal.Federation.Fetching;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.Federation.Placement;

/// <summary>How many nodes hold a study, asked anew.</summary>
/// <param name="Coverage">As the feeds say.</param>
/// <param name="Verified">Nodes that hold all of it and have read it back, this one too; null when they were not asked.</param>
public sealed record SurveyedStudy(StudyCoverage Coverage, IReadOnlyList<NodeId>? Verified)
{
    /// <summary>Holders that count: those that have verified where they were asked, else those that the feeds name.</summary>
    public int Holders => Verified?.Count ?? Coverage.FewestHolders;
}

/// <summary>How a repair went.</summary>
/// <param name="Studies">Studies that had too few holders.</param>
/// <param name="Asked">Copies that are being made.</param>
/// <param name="Lacking">Copies that nobody could be asked for.</param>
public sealed record RepairReport(int Studies, int Asked, int Lacking);

/// <summary>Counts the holders of studies, and asks nodes for copies where there are too few.</summary>
public sealed class CoverageSurvey(
    CatalogueDatabase catalogue,
    VolumeStore volumes,
    ILinks links,
    PlacementDesk desk,
    RemoteCopies remote,
    IPlacementRights rights,
    ILogger<CoverageSurvey> logger)
{
    private const int StudiesOfOneStep = 500;

    /// <summary>The studies that fewer nodes hold than a number, in the order in which they came; all studies for int.MaxValue.</summary>
    public IEnumerable<StudyCoverage> Below(int holders, CancellationToken ct)
    {
        for (long last = 0; ;)
        {
            var (studies, next) = catalogue.CoverageAfter(last, StudiesOfOneStep, ct);
            if (next == last)
            {
                yield break;
            }

            last = next;
            foreach (var study in studies.Where(study => study.FewestHolders < holders))
            {
                yield return study;
            }
        }
    }

    /// <summary>Asks every holder of a study that is linked, and reads back what is here: who holds all of it right now?</summary>
    public async Task<SurveyedStudy> VerifyAsync(StudyCoverage coverage, CancellationToken ct)
    {
        var study = coverage.StudyInstanceUid;
        var rows = catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [study] }, ct);
        var contents = rows.Select(row => row.Copy is { } copy
            ? new HeldContent(row.SopInstanceUid, copy.Hash, copy.LengthBytes)
            : catalogue.HoldersOfInstance(row.SopInstanceUid).FirstOrDefault(static holder => holder.IsShown) is { } holder
                ? new HeldContent(row.SopInstanceUid, holder.Hash, holder.LengthBytes) : null).OfType<HeldContent>().Where(static content => content.Hash.Length == ContentHash.LengthBytes).ToList();
        var verified = new List<NodeId>();
        if (contents.Count < rows.Count)
        {
            return new SurveyedStudy(coverage, verified);
        }

        if (rows.All(static row => row.Copy is not null) && await AreRightAsync(rows, ct) && rights.Self is { } self)
        {
            verified.Add(self);
        }

        foreach (var node in coverage.Whole.Select(static node => new NodeId(node)).Where(links.Linked.Contains))
        {
            if (await desk.ConfirmAsync(node, study, contents, ct) is { IsWhole: true })
            {
                verified.Add(node);
            }
        }

        return new SurveyedStudy(coverage, verified);
    }

    /// <summary>Asks nodes to fetch a study and keep it until it is unpinned there.</summary>
    /// <returns>What each of them answered; null for those that cannot be reached.</returns>
    public async Task<IReadOnlyList<(NodeId Node, PlacementAnswer? Answer)>> PlaceAsync(string studyInstanceUid, IReadOnlyList<NodeId> nodes, CancellationToken ct)
    {
        var answers = new List<(NodeId, PlacementAnswer?)>();
        foreach (var node in nodes)
        {
            answers.Add((node, await desk.FetchAsync(node, studyInstanceUid, pins: true, ct)));
        }

        return answers;
    }

    /// <summary>Has copies made of every study that fewer nodes hold than demanded: here first where this node keeps, then at others.</summary>
    public async Task<RepairReport> RepairAsync(int minimumHolders, CancellationToken ct)
    {
        var report = new RepairReport(0, 0, 0);
        if (minimumHolders <= 0)
        {
            return report;
        }

        foreach (var study in Below(minimumHolders, ct).ToList())
        {
            ct.ThrowIfCancellationRequested();
            var asked = await RepairStudyAsync(study, minimumHolders - study.FewestHolders, ct);
            report = new RepairReport(report.Studies + 1, report.Asked + asked, report.Lacking + Math.Max(0, minimumHolders - study.FewestHolders - asked));
        }

        if (report.Studies > 0)
        {
            Log.Repaired(logger, report.Studies, report.Asked, report.Lacking);
        }

        return report;
    }

    private async Task<int> RepairStudyAsync(StudyCoverage study, int needed, CancellationToken ct)
    {
        var asked = 0;
        if (rights.Keeps && study.HeldHere < study.Instances
            && await remote.FetchStudyAsync(study.StudyInstanceUid, TransferPriority.Bulk, ct) is not null)
        {
            asked++;
        }

        var linked = links.Linked;
        var candidates = rights.Others.Where(node => linked.Contains(node) && !study.Whole.Contains(node.Value));

        // Whoever repairs the same study asks the same nodes, and different studies different ones.
        foreach (var node in candidates.OrderBy(node => RankOf(node, study.StudyInstanceUid), StringComparer.Ordinal))
        {
            if (asked >= needed)
            {
                break;
            }

            asked += await desk.FetchAsync(node, study.StudyInstanceUid, pins: true, ct) is PlacementAnswer.Begun or PlacementAnswer.Held ? 1 : 0;
        }

        return asked;
    }

    private async Task<bool> AreRightAsync(IReadOnlyList<InstanceRow> rows, CancellationToken ct)
    {
        foreach (var row in rows)
        {
            if (await volumes.VerifyAsync(catalogue, row.SopInstanceUid, row.Copy!, ct) != VerifyOutcome.Verified)
            {
                return false;
            }
        }

        return true;
    }

    private static string RankOf(NodeId node, string study) => Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes($"{node} {study}")));
}
