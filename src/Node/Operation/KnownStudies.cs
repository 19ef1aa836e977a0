using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.DicomWeb.Access;
using Panal.Node.Web;
using Panal.Security.Access;

namespace Panal.Node.Operation;

/// <summary>The study that a route names, as far as the caller may know of it.</summary>
internal sealed class KnownStudies(IWebAccess access, Retriever retriever)
{
    /// <summary>The instances of the study of the route `{study}`; null after a 404.</summary>
    public async Task<IReadOnlyList<InstanceReference>?> LocateAsync(HttpContext context)
    {
        var study = context.Request.RouteValues["study"] as string ?? "";
        var ct = context.RequestAborted;
        var decision = await access.DecideAsync(context, Rights.Retrieve, ct).ConfigureAwait(false);
        if (decision.IsAccepted && Uid.IsWellFormed(study) && (decision.Filter is not { } filter || await filter.ShowsAsync(study, ct).ConfigureAwait(false)))
        {
            var identifier = new DataSet();
            identifier.Set(Tags.QueryRetrieveLevel, "STUDY");
            identifier.Set(Tags.StudyInstanceUID, study);
            if (retriever.Locate(new RetrieveRequest(InformationModel.StudyRoot, identifier, Relational: true), ct) is { Count: > 0 } found)
            {
                return found;
            }
        }

        await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is no such study.").ConfigureAwait(false);
        return null;
    }
}
