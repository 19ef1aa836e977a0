using System.Text;
using Panal.Archive.Ingest;
using Panal.DicomWeb.Store;

namespace Panal.DicomWeb;

/// <summary>What this door says of itself in CONFORMANCE.md. PS3.2 Annex A.</summary>
public static class DicomWebStatement
{
    private const string Services = """
        ## DICOMweb

        Origin server of PS3.18 on the HTTP port (8080), below `/dicom-web`; WADO-URI at `/wado`. Callers on this machine are let in and nobody else; every search, retrieval,
        store and refusal is in the audit trail.

        | Resource | GET | POST |
        |---|---|---|
        | `/studies`, `/series`, `/instances` | search (QIDO-RS) | `/studies`: store (STOW-RS) |
        | `/studies/{s}` | retrieve (WADO-RS) | store instances of this study |
        | `/studies/{s}/series`, `/studies/{s}/instances`, `/studies/{s}/series/{e}/instances` | search | |
        | `/studies/{s}/series/{e}`, `…/instances/{i}` | retrieve | |
        | `/metadata` of a study, series or instance | all attributes; bulk data by reference; in JSON also of what was here and is held elsewhere now | |
        | `…/instances/{i}/frames/{1,2,…}` | frames | |
        | `/rendered` of a study, series, instance or `…/frames/{1,2,…}` | pictures: `window`, `viewport`, `quality` | |
        | `/thumbnail` of a study, series, instance or frame | one small picture: `viewport` | |
        | `…/instances/{i}/bulkdata/{path}` | a value that metadata refers to; ranges | |
        | `/wado?requestType=WADO&…` | one file with ranges (`contentType=application/dicom`), or a picture: `frameNumber`, `windowCenter`, `windowWidth`, `rows`, `columns`, `region`, `imageQuality`, `presentationUID` | |

        `OPTIONS` with `Accept: application/vnd.sun.wadl+xml` answers the capabilities as WADL. Not offered: UPS-RS, `anonymize` (400).

        | Subject | Behaviour |
        |---|---|
        | Searches | parameters by keyword or number, sequences with dots; `includefield` (also `all`), `limit`, `offset`; ours: `orderby` (attributes with commas between, `-` before those that descend) and, of studies, `text` (each word begins a word of the patient's name or ID, the accession number, Study ID or Study Description, whatever its case and accents); `fuzzymatching` is warned of as unsupported; matching as for C-FIND |
        | Nothing found | 204; `[]` with 200 for clients that accept `application/json` and not `application/dicom+json` |
        | Unknown parameters | attributes that are not catalogued: not matched, Warning 299; all others are ignored |
        | Text | `application/dicom+json`, `application/json`, `multipart/related; type="application/dicom+xml"`; gzip on demand |
        | Instances | `multipart/related; type="application/dicom"`; one instance also as `application/dicom` |
        | Stores | files (`application/dicom`) of any length in any transfer syntax; or metadata (`application/dicom+json`, or `application/dicom+xml` with one data set a part) followed by uncompressed bulk data by Content-Location, 128 MiB together. References are never fetched |
        | Transfer syntax | `*`: as stored; a UID: as stored, or transcoded to an uncompressed, deflated or lossless one; none: explicit VR little endian, or as stored when compressed. Implicit VR and big endian never leave. 206 when some instances cannot be made, 406 when none can |
        | Frames | as stored: `application/octet-stream` in explicit VR little endian, or the media type of the compression |
        | Pictures | `image/jpeg`, `image/png`; several, and of studies and series always, `multipart/related` with parts of these. Grey through modality and VOI transformations (linear, linear-exact, sigmoid, tables; functional groups), palettes, RGB, YBR_FULL, YBR_FULL_422, YBR_PARTIAL, YBR_RCT and YBR_ICT; overlays; a Grayscale Softcopy Presentation State shows the first image that it is made for, with shutters, graphics, texts (Latin letters) and turning. 406 what has no picture, 422 what is damaged |
        | Held by other nodes | left out with 206; 503 with Retry-After when nothing is here |
        | On their way in stages | with `Prefer: wait=0` (RFC 7240) metadata, frames and pictures of what has come so far: `Panal-Layers: 1/6` (quality layers), Lossy Image Compression `01` with ratio and method, a dashed border on pictures. Without it they are waited for. Instances are never given so |
        | Caches | entity tags that follow from the content; `private, no-cache` |
        | Failures | problem details (RFC 9457) without patient data |
        """;

    /// <summary>Returns this room's part of the page.</summary>
    public static string Generate()
    {
        var page = new StringBuilder("\n").Append(Services).Append("\n\nA store is answered 200 (all stored), 202 (some) or 409 (none), with these Failure Reasons (0008,1197):\n\n| Reason | Failure Reason |\n|---|---|\n");
        foreach (var refusal in Enum.GetValues<IngestRefusal>())
        {
            page.Append($"| {refusal} | {RefusalTable.Find(refusal):X4} |\n");
        }

        return page.Replace("\r", "").ToString();
    }
}
