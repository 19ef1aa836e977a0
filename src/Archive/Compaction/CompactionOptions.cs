using Panal.Dicom;

namespace Panal.Archive.Compaction;

/// <summary>What is compacted, when, and at what cost.</summary>
public sealed record CompactionOptions
{
    /// <summary>Whether it is done in the background.</summary>
    public bool IsOn { get; init; } = true;

    /// <summary>Modalities (0008,0060) whose images are compacted: those that send many uncompressed ones.</summary>
    public IReadOnlyCollection<string> Modalities { get; init; } = ["CT", "MR", "CR", "DX", "MG", "US"];

    /// <summary>Application entities whose images stay as they were sent.</summary>
    public IReadOnlyCollection<string> ExceptSources { get; init; } = [];

    /// <summary>How long images stay as they came: what is read on the day is then read without decoding.</summary>
    public TimeSpan MinimumAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Transfer syntax of the compact form. JPEG 2000 takes as few bytes as JPEG-LS for most images, and alone can be sent in stages: a stack can
    /// be looked at after a twentieth of its bytes. JPEG-LS and HTJ2K are several times faster.
    /// </summary>
    public TransferSyntax Syntax { get; init; } = TransferSyntax.ForUid(Uids.JPEG2000Lossless);

    /// <summary>Share of one processor core, 0.01 to 1.</summary>
    public double CoreShare { get; init; } = 0.5;

    /// <summary>Compaction rests until nothing has been received for this long.</summary>
    public TimeSpan QuietTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often there is a look for images that have come of age.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long the received file outlives its compact form, for those who located it and have not opened it yet.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(5);
}
