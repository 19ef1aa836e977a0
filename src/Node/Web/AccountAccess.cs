using Panal.Archive.Search;
using Panal.Dicom;
using Panal.DicomWeb.Access;
using Panal.Security.Access;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Web;

/// <summary>Tells the DICOMweb door who asks and which studies they see: what the gate found, or the rule of the DICOM doors while there is no account.</summary>
internal sealed class AccountAccess(AccountRegistry accounts, LoopbackAccess withoutAccounts, Searcher searcher) : IWebAccess
{
    public ValueTask<WebDecision> DecideAsync(HttpContext context, Rights wanted, CancellationToken ct)
    {
        var address = context.Connection.RemoteIpAddress;
        if (context.Features.Get<Caller>() is { } caller)
        {
            var party = new AuditParty(caller.Name, address) { IsAccount = true };
            return ValueTask.FromResult(caller.May(RightsOf(wanted))
                ? new WebDecision(StatusCodes.Status200OK, party, caller.Filter.IsUnlimited ? null : new Filter(caller.Filter, searcher))
                : new WebDecision(StatusCodes.Status403Forbidden, party, null) { Reason = "This account may not do that" });
        }

        return accounts.Accounts.Count == 0
            ? withoutAccounts.DecideAsync(context, wanted, ct)
            : ValueTask.FromResult(new WebDecision(StatusCodes.Status401Unauthorized, new AuditParty("", address), null)
            {
                Reason = "Log in, or show a token",
                Challenge = "Bearer",
            });
    }

    /// <summary>What a right of the DICOM doors is over HTTP; one that has no meaning here is nobody's.</summary>
    private static AccountRights RightsOf(Rights wanted) => wanted switch
    {
        Rights.Find => AccountRights.Search,
        Rights.Retrieve => AccountRights.View,
        Rights.Store => AccountRights.Upload,
        _ => AccountRights.All,
    };

    private sealed class Filter(StudyFilter filter, Searcher searcher) : IStudyFilter
    {
        public ValueTask<bool> ShowsAsync(string studyInstanceUid, CancellationToken ct)
        {
            if (filter.Studies.Contains(studyInstanceUid) || filter.ReferringPhysicianName.Length == 0)
            {
                return ValueTask.FromResult(filter.Allows(studyInstanceUid, ""));
            }

            var identifier = new DataSet();
            identifier.Set(Tags.QueryRetrieveLevel, "STUDY");
            identifier.Set(Tags.StudyInstanceUID, studyInstanceUid);
            identifier.SetEmpty(Tags.ReferringPhysicianName);
            var request = new SearchRequest(InformationModel.StudyRoot, identifier, Relational: false, Strict: false) { KeepsUnicode = true };
            // One study may be catalogued under two patients; it is shown when every row of it may be.
            var names = searcher.Find(request, ct).Select(match => string.Join('\\', match.GetStrings(Tags.ReferringPhysicianName))).ToArray();
            return ValueTask.FromResult(names.Length > 0 && names.All(name => filter.Allows(studyInstanceUid, name)));
        }
    }
}
