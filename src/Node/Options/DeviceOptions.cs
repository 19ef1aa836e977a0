using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Panal.Node.Options;

/// <summary>The node as a device, PS3.15 §H.1.1.2.</summary>
internal sealed record DeviceOptions
{
    public const string Section = "Device";

    [Description("Name of this node in the audit trail, unique in the organisation; empty is the host name of the machine.")]
    [StringLength(64)]
    public string DeviceName { get; init; } = "";

    [Description("Where the device stands, for the audit trail; free text.")]
    [StringLength(64)]
    public string InstitutionName { get; init; } = "";

    /// <summary>The name in force.</summary>
    internal string EffectiveName => DeviceName.Length > 0 ? DeviceName : Environment.MachineName;
}

[OptionsValidator]
internal sealed partial class DeviceOptionsValidator : IValidateOptions<DeviceOptions>;
