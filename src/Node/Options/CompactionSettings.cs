using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Panal.Dicom;
using Panal.Imaging.Compact;

namespace Panal.Node.Options;

/// <summary>Which stored images are kept in fewer bytes, without loss.</summary>
internal sealed record CompactionSettings : IValidatableObject
{
    public const string Section = "Compaction";

    [Description("Keep uncompressed images in a lossless compact form. It is made in the background and compared; what was received stays reproducible bit for bit.")]
    public bool Enabled { get; init; } = true;

    [Description("Modalities (0008,0060) whose images are compacted, separated by commas.")]
    public string Modalities { get; init; } = "CT,MR,CR,DX,MG,US";

    [Description("AE titles whose images stay as they were sent, separated by commas.")]
    public string ExceptFrom { get; init; } = "";

    [Description("Minutes that images stay as they came before they are compacted.")]
    [Range(0, 5_256_000)]
    public int AgeMinutes { get; init; } = 60;

    [Description("Share of one processor core that compaction may take, in percent; it rests while images are received.")]
    [Range(1, 100)]
    public int CorePercent { get; init; } = 50;

    [Description("UID of the lossless transfer syntax of the compact form; panal codecs --measure shows which one serves the site's own images best. Only JPEG 2000 (1.2.840.10008.1.2.4.90) comes over slow lines in stages, coarse first.")]
    public string TransferSyntax { get; init; } = Uids.JPEG2000Lossless;

    internal IReadOnlyList<string> ModalityList => Split(Modalities);

    internal IReadOnlyList<string> ExceptList => Split(ExceptFrom);

    internal TimeSpan MinimumAge => TimeSpan.FromMinutes(AgeMinutes);

    internal TransferSyntax Syntax => Dicom.TransferSyntax.ForUid(TransferSyntax);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!CompactForm.Targets.Any(syntax => syntax.Uid == TransferSyntax))
        {
            var known = string.Join(", ", CompactForm.Targets.Select(syntax => $"{syntax.Uid} ({syntax.Name})"));
            yield return new ValidationResult($"{nameof(TransferSyntax)}: one of {known}.", [nameof(TransferSyntax)]);
        }
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

[OptionsValidator]
internal sealed partial class CompactionSettingsValidator : IValidateOptions<CompactionSettings>;
