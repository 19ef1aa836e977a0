using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Panal.Swarm.Links;

namespace Panal.Node.Options;

/// <summary>What the node carries between two other members that cannot reach one another.</summary>
internal sealed record RelaySettings
{
    public const string Section = "Relay";

    private const int BytesPerSecondOfKilobit = 125;

    [Description("Whether the node relays at all, when the network lets it.")]
    public bool Enabled { get; init; } = true;

    [Description("Links between others that it carries at a time; one more is refused, and both see why.")]
    [Range(1, 4096)]
    public int MaximumLinks { get; init; } = 64;

    [Description("Of these, links that one member asked for.")]
    [Range(1, 4096)]
    public int MaximumLinksOfMember { get; init; } = 8;

    [Description("Most that one of them carries in each direction, in kbit/s; what is more waits at its sender, search before images.")]
    [Range(64, 10_000_000)]
    public int KilobitsPerSecond { get; init; } = 16_000;

    internal RelayOptions Options => new()
    {
        IsOffered = Enabled,
        MaxLinks = MaximumLinks,
        MaxLinksOfMember = MaximumLinksOfMember,
        BytesPerSecond = KilobitsPerSecond * BytesPerSecondOfKilobit,
    };
}

[OptionsValidator]
internal sealed partial class RelaySettingsValidator : IValidateOptions<RelaySettings>;
