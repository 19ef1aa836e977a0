namespace Panal.ServiceClasses.Tables;

/// <summary>Statuses that every service class shares. PS3.7 Annex C.</summary>
public static class GeneralStatus
{
    public static readonly ServiceStatus ProcessingFailure =
        new(0x0110, StatusKind.Failure, "Processing failure", "a failure inside Panal or its machine; the log has a trace", "PS3.7 §C.5.21");

    public static readonly ServiceStatus NotAuthorized =
        new(0x0124, StatusKind.Failure, "Refused: Not authorized", "the application entity may not do this", "PS3.7 §C.5.25");

    public static readonly ServiceStatus UnrecognizedOperation =
        new(0x0211, StatusKind.Failure, "Unrecognized operation", "the operation does not belong to the SOP class of its presentation context", "PS3.7 §C.5.23");

    public static readonly ServiceStatus MistypedArgument =
        new(0x0212, StatusKind.Failure, "Mistyped argument", "a parameter that the operation needs is missing or malformed", "PS3.7 §C.5.15");

    /// <summary>Statuses that any operation may be answered with.</summary>
    public static IReadOnlyList<ServiceStatus> All { get; } = [ProcessingFailure, NotAuthorized, UnrecognizedOperation, MistypedArgument];
}
