namespace Panal.Dimse;

/// <summary>Command field (0000,0100) of requests; a response has <see cref="CommandFields.ResponseBit"/> too (PS3.7 §E.1).</summary>
public enum CommandField : ushort
{
    CStore = 0x0001,
    CGet = 0x0010,
    CFind = 0x0020,
    CMove = 0x0021,
    CEcho = 0x0030,
    NEventReport = 0x0100,
    NGet = 0x0110,
    NSet = 0x0120,
    NAction = 0x0130,
    NCreate = 0x0140,
    NDelete = 0x0150,
    CCancel = 0x0FFF,
}

/// <summary>What the bits of command fields and of (0000,0800) say (PS3.7 §E.1).</summary>
public static class CommandFields
{
    /// <summary>Set in the command field of a response.</summary>
    public const ushort ResponseBit = 0x8000;

    /// <summary>Command Data Set Type that says: no data set follows; any other value says that one does.</summary>
    public const ushort NoDataSet = 0x0101;

    /// <summary>The value that we write when a data set follows.</summary>
    public const ushort WithDataSet = 0x0000;

    /// <summary>Whether the standard knows the request.</summary>
    public static bool IsRequest(ushort field) => Enum.IsDefined((CommandField)field);

    /// <summary>Whether several responses may answer the request, so that C-CANCEL makes sense (PS3.7 §9.3.2 to 9.3.4).</summary>
    public static bool HasPendingResponses(this CommandField field) =>
        field is CommandField.CFind or CommandField.CGet or CommandField.CMove;

    /// <summary>Whether the request names the SOP class and instance as "requested", not "affected" (PS3.7 §10.3).</summary>
    public static bool NamesRequestedSopInstance(this CommandField field) =>
        field is CommandField.NGet or CommandField.NSet or CommandField.NAction or CommandField.NDelete;
}

/// <summary>Priority (0000,0700) (PS3.7 §E.1).</summary>
public enum DimsePriority : ushort
{
    Medium = 0,
    High = 1,
    Low = 2,
}

/// <summary>Statuses that the message exchange itself knows (PS3.7 Annex C); those of a service class are the service's.</summary>
public static class DimseStatus
{
    public const ushort Success = 0x0000;
    public const ushort ProcessingFailure = 0x0110;
    public const ushort NoSuchSopClass = 0x0118;
    public const ushort SopClassNotSupported = 0x0122;
    public const ushort DuplicateInvocation = 0x0210;
    public const ushort UnrecognizedOperation = 0x0211;
    public const ushort MistypedArgument = 0x0212;
    public const ushort Cancel = 0xFE00;
    public const ushort Pending = 0xFF00;
    public const ushort PendingWithoutOptionalKeys = 0xFF01;

    /// <summary>Whether more responses follow (PS3.7 §C.6).</summary>
    public static bool IsPending(ushort status) => status is Pending or PendingWithoutOptionalKeys;
}
