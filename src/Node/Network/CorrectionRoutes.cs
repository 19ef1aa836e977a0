using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Membership;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Security.Audit;
using Panal.Security.Identities;

namespace Panal.Node.Network;

/// <summary>What is to be said of a study and its patient from now on.</summary>
/// <param name="Attributes">Values by keyword of PS3.6.</param>
/// <param name="IsDryRun">Only tell what would change.</param>
internal sealed record CorrectionAsk(IReadOnlyDictionary<string, string> Attributes, bool IsDryRun = false);

/// <summary>One attribute that is said otherwise.</summary>
internal sealed record CorrectedAttribute(string Attribute, string Before, string After)
{
    public override string ToString() => "[redacted]";
}

/// <summary>What a correction changed, or would.</summary>
/// <param name="IsDone">Whether it was made: not in a dry run, nor when all was so already.</param>
/// <param name="Attributes">What is said otherwise; nothing when all was so already.</param>
/// <param name="Studies">Studies that it is about: others of the patient too.</param>
internal sealed record CorrectionView(bool IsDone, IReadOnlyList<CorrectedAttribute> Attributes, IReadOnlyList<string> Studies);

/// <summary>`/api/network/corrections/{study}`: corrections at the centre, which every node of the network shows.</summary>
internal sealed class CorrectionRoutes(CatalogueDatabase catalogue, NetworkMembership membership, AuditTrail trail, Panal.Node.Options.NodeConfiguration configuration)
{
    /// <summary>What can be corrected, and the longest value, in characters (PS3.5 Table 6.2-1; a name has three groups of 64).</summary>
    internal static readonly IReadOnlyDictionary<string, (Tag Tag, int LengthLimit)> Correctable = new Dictionary<string, (Tag, int)>(StringComparer.Ordinal)
    {
        [nameof(Tags.PatientName)] = (Tags.PatientName, 194),
        [nameof(Tags.PatientID)] = (Tags.PatientID, 64),
        [nameof(Tags.IssuerOfPatientID)] = (Tags.IssuerOfPatientID, 64),
        [nameof(Tags.PatientBirthDate)] = (Tags.PatientBirthDate, 8),
        [nameof(Tags.PatientSex)] = (Tags.PatientSex, 1),
        [nameof(Tags.AccessionNumber)] = (Tags.AccessionNumber, 16),
        [nameof(Tags.StudyID)] = (Tags.StudyID, 16),
        [nameof(Tags.StudyDate)] = (Tags.StudyDate, 8),
        [nameof(Tags.StudyTime)] = (Tags.StudyTime, 14),
        [nameof(Tags.StudyDescription)] = (Tags.StudyDescription, 64),
        [nameof(Tags.ReferringPhysicianName)] = (Tags.ReferringPhysicianName, 194),
    };

    public static void Map(WebApplication application, HouseRoute rule) => application.MapPost(
        "/api/network/corrections/{study}",
        NetworkDoor.Guarded(static context => context.RequestServices.GetRequiredService<CorrectionRoutes>().CorrectAsync(context))).WithMetadata(rule);

    private Task CorrectAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.CorrectionView, async () =>
    {
        var ask = await JoinDoor.ReadAsync(context, NetworkJson.Default.CorrectionAsk).ConfigureAwait(false);
        return await MakeAsync(context, context.GetRouteValue("study") as string ?? "", () => Read(ask), ask.IsDryRun).ConfigureAwait(false);
    });

    /// <summary>Corrects a study, or tells what that would change, and takes down who did it.</summary>
    /// <param name="context">Who asks.</param>
    /// <param name="study">Its Study Instance UID.</param>
    /// <param name="read">Gives what is to be said from now on, once it is known that this node may say it.</param>
    /// <param name="isDryRun">Only tell what would change.</param>
    /// <exception cref="JoinRefusedException">It cannot be corrected here.</exception>
    internal async Task<CorrectionView> MakeAsync(HttpContext context, string study, Func<DataSet> read, bool isDryRun)
    {
        if (membership.Standing is { } standing && (standing.Own?.Role ?? standing.Identity.Role) != NodeRole.Centre)
        {
            throw new JoinRefusedException(JoinRefusal.NotAllowed, "Corrections are made at the centre, whose word all nodes show.");
        }

        var corrections = read();
        var before = catalogue.Describe(study);
        var outcome = await catalogue.CorrectAsync(study, corrections, configuration.Device.EffectiveName, isDryRun, context.RequestAborted).ConfigureAwait(false);
        var isDone = outcome.Result == CorrectionResult.Corrected && !isDryRun;
        if (isDone)
        {
            await RecordAsync(context, outcome.Studies, before).ConfigureAwait(false);
            await RecordAsync(context, outcome.Studies, catalogue.Describe(study)).ConfigureAwait(false);
        }

        return outcome.Result switch
        {
            CorrectionResult.NotHeld => throw new JoinRefusedException(JoinRefusal.Unknown, "This node holds nothing of the study; bring it here first: panal fetch STUDY"),
            CorrectionResult.TooOften => throw new JoinRefusedException(JoinRefusal.TooMany, "A study was corrected as often as the record of its corrections can hold."),
            _ => new CorrectionView(
                isDone, [.. outcome.Attributes.Select(static one => new CorrectedAttribute(DataDictionary.KeywordOf(one.Tag), one.Before, one.After))], outcome.Studies),
        };
    }

    private static DataSet Read(CorrectionAsk ask)
    {
        if (ask.Attributes is not { Count: > 0 })
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "Say at least one attribute that is to be corrected.");
        }

        var corrections = new DataSet();
        foreach (var (keyword, value) in ask.Attributes)
        {
            if (!Correctable.TryGetValue(keyword, out var known))
            {
                throw new JoinRefusedException(JoinRefusal.Malformed, $"What can be corrected: {string.Join(", ", Correctable.Keys)}.");
            }

            if (string.IsNullOrWhiteSpace(value) || value.Length > known.LengthLimit || value.Any(static c => char.IsControl(c) || c == '\\') || !IsWellFormed(known.Tag, value))
            {
                throw new JoinRefusedException(JoinRefusal.Malformed, $"The value of {keyword} is empty, too long, or none of its kind.");
            }

            corrections.Set(known.Tag, value);
        }

        corrections.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        return corrections;
    }

    private static bool IsWellFormed(Tag tag, string value) =>
        tag == Tags.PatientSex ? value is "M" or "F" or "O"
        : tag == Tags.PatientBirthDate || tag == Tags.StudyDate ? DateOnly.TryParseExact(value, "yyyyMMdd", out _)
        : tag != Tags.StudyTime || (value.Length >= 2 && value.All(static c => char.IsAsciiDigit(c) || c == '.'));

    private async Task RecordAsync(HttpContext context, IReadOnlyList<string> studies, DataSet? patient)
    {
        var caller = context.Features.Get<Caller>();
        var by = new AuditParty(caller?.Name ?? Environment.UserName, context.Connection.RemoteIpAddress) { IsAccount = true };
        var about = new AuditPatient(
            patient?.GetString(Tags.PatientID) ?? "",
            patient?.GetString(Tags.PatientName) ?? "",
            [.. studies.Select(study => new AuditStudy(study, patient?.GetString(Tags.AccessionNumber) ?? "", []))]);
        await trail.RecordAsync(AuditEvents.InstancesAccessed(by, about, AuditAction.Update, AuditOutcome.Success), CancellationToken.None).ConfigureAwait(false);
    }
}
