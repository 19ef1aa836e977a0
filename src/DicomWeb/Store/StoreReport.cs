using Microsoft.AspNetCore.Http;
using Panal.Archive.Ingest;
using Panal.Dicom;

namespace Panal.DicomWeb.Store;

/// <summary>What became of the instances of a store request, and its answer (PS3.18 §10.5.3, Annex I).</summary>
internal sealed class StoreReport(WebRequest request)
{
    private readonly List<DataSet> _stored = [];
    private readonly List<DataSet> _failed = [];
    private readonly List<DataSet> _others = [];
    private string? _study = request.StudyInstanceUid;

    public int Count => _stored.Count + _failed.Count + _others.Count;

    public int StatusCode => _failed.Count + _others.Count == 0
        ? StatusCodes.Status200OK
        : _stored.Count > 0 ? StatusCodes.Status202Accepted : StatusCodes.Status409Conflict;

    public void Stored(FileIdentity identity, DataSet attributes)
    {
        var study = attributes.GetString(Tags.StudyInstanceUID);
        _study ??= study;
        var item = Item(identity);
        item.Set(Tags.RetrieveURL, request.UrlOf(study, attributes.GetString(Tags.SeriesInstanceUID), identity.SopInstanceUid));
        _stored.Add(item);
    }

    /// <param name="identity">Which instance; null when the part does not tell.</param>
    /// <param name="refusal">Why.</param>
    public void Failed(FileIdentity? identity, IngestRefusal refusal)
    {
        var item = identity is null ? new DataSet() : Item(identity);
        item.SetUInt16(Tags.FailureReason, RefusalTable.Find(refusal));
        (identity is null ? _others : _failed).Add(item);
    }

    /// <summary>The Store Instances Response.</summary>
    public DataSet ToDataSet()
    {
        var response = new DataSet();
        if (_study is not null && _stored.Count > 0)
        {
            response.Set(Tags.RetrieveURL, request.UrlOf(_study, null, null));
        }

        SetSequence(response, Tags.FailedSOPSequence, _failed);
        SetSequence(response, Tags.ReferencedSOPSequence, _stored);
        SetSequence(response, Tags.OtherFailuresSequence, _others);
        return response;
    }

    private static void SetSequence(DataSet response, Tag tag, List<DataSet> items)
    {
        if (items.Count > 0)
        {
            response.SetSequence(tag, items);
        }
    }

    /// <summary>UIDs that are none do not go back: they may be anything.</summary>
    private static DataSet Item(FileIdentity identity)
    {
        var item = new DataSet();
        item.Set(Tags.ReferencedSOPClassUID, Uid.IsWellFormed(identity.SopClassUid) ? identity.SopClassUid : "");
        item.Set(Tags.ReferencedSOPInstanceUID, Uid.IsWellFormed(identity.SopInstanceUid) ? identity.SopInstanceUid : "");
        return item;
    }
}
