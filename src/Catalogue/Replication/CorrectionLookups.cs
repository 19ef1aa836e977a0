using Panal.Catalogue.Attributes;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>Reads what is shown of a study, and what corrections made of it.</summary>
internal static class CorrectionLookups
{
    internal static DataSet? Describe(Reader reader, string studyInstanceUid) =>
        Read(reader, studyInstanceUid) is var (patient, study) ? Decode(patient, study, wanted: null) : null;

    internal static StudyCorrection? Of(Reader reader, string studyInstanceUid) =>
        Read(reader, studyInstanceUid) is var (patient, study) && OriginalAttributes.LastAt(study.Span) is > 0 and var at
            ? new StudyCorrection(
                Decode(patient, study, OriginalAttributes.Corrected(study.Span)), OriginalAttributes.LastSystem(study.Span), DateTimeOffset.FromUnixTimeMilliseconds(at))
            : null;

    private static (ReadOnlyMemory<byte> Patient, ReadOnlyMemory<byte> Study)? Read(Reader reader, string studyInstanceUid)
    {
        Statement statement = reader.Prepare(
            "SELECT patient.attributes, study.attributes FROM study JOIN patient ON patient.id = study.patient WHERE study.uid = ?1").Bind(1, studyInstanceUid);
        (ReadOnlyMemory<byte>, ReadOnlyMemory<byte>)? found = statement.Step() ? (statement.Blob(0).ToArray(), statement.Blob(1).ToArray()) : null;
        statement.Reset();
        return found;
    }

    private static DataSet Decode(ReadOnlyMemory<byte> patient, ReadOnlyMemory<byte> study, SortedSet<Tag>? wanted)
    {
        var attributes = new DataSet();
        bool isAscii = AttributeDecoder.AddTo(attributes, patient, wanted) & AttributeDecoder.AddTo(attributes, study, wanted);
        AttributeDecoder.DeclareCharacterSet(attributes, isAscii);
        return attributes;
    }
}
