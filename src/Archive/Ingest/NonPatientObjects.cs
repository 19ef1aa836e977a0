using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Panal.Dicom;

namespace Panal.Archive.Ingest;

/// <summary>
/// Objects that belong to no patient and no study (PS3.3 §7.13: hanging protocols, palettes, implant templates, protocols, inventories).
/// The catalogue has studies only, so each class of them gets a study of its own, named by UIDs that follow from the class.
/// </summary>
internal static class NonPatientObjects
{
    private static readonly FrozenSet<string> Classes = FrozenSet.ToFrozenSet(
    [
        Uids.HangingProtocolStorage,
        Uids.ColorPaletteStorage,
        Uids.GenericImplantTemplateStorage,
        Uids.ImplantAssemblyTemplateStorage,
        Uids.ImplantTemplateGroupStorage,
        Uids.CTDefinedProcedureProtocolStorage,
        Uids.ProtocolApprovalStorage,
        Uids.XADefinedProcedureProtocolStorage,
        Uids.InventoryStorage,
    ]);

    /// <summary>Gives an object without study the study of its class; leaves all others as they are.</summary>
    public static void Adopt(DataSet attributes, string sopClassUid)
    {
        if (!Classes.Contains(sopClassUid) || attributes.HasValue(Tags.StudyInstanceUID))
        {
            return;
        }

        attributes.Set(Tags.StudyInstanceUID, Derived("study", sopClassUid));
        attributes.Set(Tags.SeriesInstanceUID, Derived("series", sopClassUid));
    }

    /// <summary>A UID of a UUID that follows from a name (PS3.5 §B.2): the same on every node.</summary>
    private static string Derived(string level, string sopClassUid)
    {
        var bytes = SHA256.HashData(Encoding.ASCII.GetBytes($"panal/non-patient/{level}/{sopClassUid}")).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return $"2.25.{System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes)}";
    }
}
