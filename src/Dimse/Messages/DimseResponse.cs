using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>One response to a request of ours.</summary>
/// <param name="Command">The command set.</param>
/// <param name="Identifier">The data set, decoded; null when none came.</param>
public sealed record DimseResponse(DataSet Command, DataSet? Identifier)
{
    /// <summary>Status (0000,0900); its meaning is the service class's.</summary>
    public ushort Status { get; } = Command.GetUInt16(Tags.Status) ?? DimseStatus.ProcessingFailure;

    /// <summary>Whether more responses follow.</summary>
    public bool IsPending => DimseStatus.IsPending(Status);

    public override string ToString() => $"DimseResponse {Status:X4}";
}
