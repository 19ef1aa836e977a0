using Panal.Dicom;
using Panal.Security.Access;

namespace Panal.ServiceClasses.Tables;

/// <summary>Which parts Panal plays for a SOP class.</summary>
[Flags]
public enum ServiceRoles
{
    None = 0,

    /// <summary>Panal performs the operation for others.</summary>
    Scp = 1,

    /// <summary>Panal asks others for the operation.</summary>
    Scu = 2,
}

/// <summary>One SOP class of a service class.</summary>
public sealed record ServiceSopClass(string Uid, string Name, ServiceRoles Roles);

/// <summary>Which transfer syntaxes a service class accepts.</summary>
public enum TransferSyntaxRule
{
    /// <summary>The uncompressed ones and deflated: the data set is decoded.</summary>
    Decodable,

    /// <summary>Every one, also those that Panal does not know: the data set is kept as it came.</summary>
    Any,
}

/// <summary>One service class: the table from which negotiation, behaviour and the conformance statement come.</summary>
/// <param name="Name">The standard's name.</param>
/// <param name="Source">The annex that defines it.</param>
/// <param name="Right">What a caller must be allowed to use it.</param>
/// <param name="TransferSyntaxes">Which transfer syntaxes it accepts.</param>
/// <param name="SopClasses">Its SOP classes; for Storage those that the dictionary names, others are accepted too.</param>
/// <param name="Statuses">Every status that Panal answers as SCP, operation by operation.</param>
public sealed record ServiceClass(
    string Name,
    string Source,
    Rights Right,
    TransferSyntaxRule TransferSyntaxes,
    IReadOnlyList<ServiceSopClass> SopClasses,
    IReadOnlyList<OperationStatuses> Statuses)
{
    /// <summary>Tells whether a transfer syntax can carry this service's data sets.</summary>
    public bool Accepts(TransferSyntax syntax) => TransferSyntaxes == TransferSyntaxRule.Any || !syntax.IsEncapsulated;

    public override string ToString() => Name;
}

/// <summary>The statuses of one DIMSE operation.</summary>
public sealed record OperationStatuses(string Operation, IReadOnlyList<ServiceStatus> Rows);
