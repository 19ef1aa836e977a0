using System.Globalization;
using Panal.Catalogue;
using Panal.Federation.Membership;
using Panal.Node.Web;

namespace Panal.Node.Network;

/// <summary>What two sources say differently of one thing, without anything that names a patient.</summary>
/// <param name="Id">Number of the conflict at this node.</param>
/// <param name="Kind">What is disputed.</param>
/// <param name="Subject">UID of what is disputed; of a patient, that of the instance that brought it.</param>
/// <param name="Instance">SOP Instance UID that brought the other content.</param>
/// <param name="Source">The member, or the AE title, that has the other content.</param>
/// <param name="DetectedAt">When it was noticed here.</param>
/// <param name="Decision">What was done with the other content.</param>
internal sealed record ConflictView(long Id, string Kind, string Subject, string Instance, string Source, DateTimeOffset DetectedAt, string Decision);

/// <summary>`/api/network/conflicts`: differences that nobody has decided, the oldest first, and what is kept.</summary>
internal static class ConflictRoutes
{
    /// <summary>Conflicts of one answer; more are asked for by the last number.</summary>
    public const int PageLength = 200;

    public static void Map(WebApplication application, HouseRoute rule)
    {
        application.MapGet("/api/network/conflicts", NetworkDoor.Guarded(ListAsync)).WithMetadata(rule);
        application.MapPost(
            "/api/network/conflicts/{conflict}/keep",
            NetworkDoor.Guarded(static context => context.RequestServices.GetRequiredService<ConflictDecisions>().KeepAsync(context))).WithMetadata(rule);
    }

    private static Task ListAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.IReadOnlyListConflictView, () =>
    {
        var after = context.Request.Query["after"].ToString();
        if (!long.TryParse(after.Length == 0 ? "0" : after, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "after: the number of the last conflict that is known.");
        }

        var roster = context.RequestServices.GetRequiredService<NetworkMembership>().Standing?.Roster;
        string NameOf(string source) => Guid.TryParse(source, out var node) && roster?.Find(node) is { } member ? member.Name : source;
        IReadOnlyList<ConflictView> conflicts =
        [
            .. context.RequestServices.GetRequiredService<CatalogueDatabase>().Conflicts(isOpenOnly: true, id, PageLength).Select(conflict => new ConflictView(
                conflict.Id,
                conflict.Kind.ToString(),
                conflict.Kind == ConflictKind.PatientAttributes ? conflict.SopInstanceUid : conflict.Subject,
                conflict.SopInstanceUid,
                NameOf(conflict.SourceAeTitle),
                conflict.DetectedAt,
                conflict.Decision.ToString())),
        ];
        return Task.FromResult(conflicts);
    });
}
