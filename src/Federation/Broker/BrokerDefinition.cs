using System.Globalization;
using Panal.Archive.Retrieve;

namespace Panal.Federation.Broker;

/// <summary>A foreign archive that this node mirrors, and how it is to be treated; see docs/formats/brokers.md.</summary>
public sealed record BrokerDefinition
{
    /// <summary>Longest name, in characters.</summary>
    public const int NameLimit = 32;

    /// <summary>Longest address of DICOMweb, in characters.</summary>
    public const int WebLimit = 1024;

    /// <summary>Most requests a second that can be asked for.</summary>
    public const double RequestsPerSecondLimit = 1000;

    /// <summary>Name among the brokers of this node: letters, digits, hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>What the catalogue knows the archive by; given once, and never to a node.</summary>
    public required Guid Source { get; init; }

    /// <summary>AE title of the archive.</summary>
    public required string AeTitle { get; init; }

    /// <summary>Host name or address.</summary>
    public required string Host { get; init; }

    /// <summary>TCP port, 1 to 65,535.</summary>
    public required int Port { get; init; }

    /// <summary>True when it is called over TLS.</summary>
    public bool Tls { get; init; }

    /// <summary>How instances are got from it.</summary>
    public ForeignRetrieval Retrieve { get; init; }

    /// <summary>Where it offers DICOMweb, such as <c>https://pacs.example/dicom-web</c>; empty when it does not.</summary>
    public string DicomWeb { get; init; } = "";

    /// <summary>Path of a file with what it asks for in the header Authorization; empty when it asks for nothing.</summary>
    public string CredentialsFile { get; init; } = "";

    /// <summary>C-FIND requests a second at most; a small archive answers some twenty, and has others to serve.</summary>
    public double RequestsPerSecond { get; init; } = 10;

    /// <summary>Associations for retrieval at a time, beside the one for queries.</summary>
    public int MaximumRetrievals { get; init; } = 2;

    /// <summary>Answers to one question at most, before the question is split; archives limit theirs to some hundreds or thousands.</summary>
    public int AnswerLimit { get; init; } = 400;

    /// <summary>First and last hour in which the whole archive is swept, by the clock of the node, such as 20-6; empty for the whole day.</summary>
    public string Hours { get; init; } = "";

    /// <summary>Seconds between two looks at what is new, when something is always new; up to sixteen times as long when nothing is.</summary>
    public int PollSeconds { get; init; } = 60;

    /// <summary>Days between two sweeps of everything, which notice deletions and corrections of old studies.</summary>
    public int RecheckDays { get; init; } = 7;

    /// <summary>Whether what is stored into this node is sent on to the archive.</summary>
    public bool Forward { get; init; }

    /// <summary>Where it is called.</summary>
    internal ForeignAddress Address => new(AeTitle, Host, Port, Tls);

    /// <summary>Where it is called by DICOMweb.</summary>
    internal ForeignWebAddress WebAddress => new(AeTitle, new Uri(DicomWeb), CredentialsFile);

    /// <summary>Why this cannot be; null when it can.</summary>
    public string? Fault()
    {
        return IsFalse(Name.Length is > 0 and <= NameLimit && Name.All(static one => char.IsAsciiLetterOrDigit(one) || one == '-'), "A name has 1 to 32 letters, digits and hyphens.")
            ?? IsFalse(AeTitle.Length is > 0 and <= 16 && AeTitle.All(static one => one is > ' ' and < '\u007f' and not '\\'), "An AE title has 1 to 16 characters.")
            ?? IsFalse(Host.Length is > 0 and <= 255, "The host is missing.")
            ?? IsFalse(Port is > 0 and <= 65535, "A port is 1 to 65535.")
            ?? IsFalse(Enum.IsDefined(Retrieve), "Instances are got by get, move or wado.")
            ?? IsFalse(Retrieve != ForeignRetrieval.Wado || DicomWeb.Length > 0, "WADO-RS needs the address of the archive's DICOMweb.")
            ?? IsFalse(DicomWeb.Length == 0 || IsRoot(DicomWeb), "DICOMweb is an http or https address without user, query and fragment, of 1024 characters at most.")
            ?? IsFalse(CredentialsFile.Length == 0 || IsSecret(DicomWeb), "Credentials go over https only, or to this machine.")
            ?? IsFalse(CredentialsFile.Length == 0 || Path.IsPathFullyQualified(CredentialsFile), "The file with credentials needs its whole path.")
            ?? IsFalse(RequestsPerSecond is >= 0.01 and <= RequestsPerSecondLimit, "Requests a second are 0.01 to 1000.")
            ?? IsFalse(MaximumRetrievals is > 0 and <= 16, "Retrievals at a time are 1 to 16.")
            ?? IsFalse(AnswerLimit is >= 2 and <= 100_000, "The limit of answers is 2 to 100000.")
            ?? IsFalse(PollSeconds is > 0 and <= 86_400, "The poll interval is 1 to 86400 seconds.")
            ?? IsFalse(RecheckDays is > 0 and <= 3650, "Days between sweeps are 1 to 3650.")
            ?? IsFalse(TryReadHours(Hours, out _, out _), "Hours are two hours of the day, such as 20-6.");
        static string? IsFalse(bool condition, string fault) => condition ? null : fault;
    }

    /// <summary>Whether the whole archive may be swept at a time of day.</summary>
    internal bool IsSweepHour(DateTimeOffset local)
    {
        TryReadHours(Hours, out var first, out var last);
        return first == last || (first < last ? local.Hour >= first && local.Hour < last : local.Hour >= first || local.Hour < last);
    }

    private static bool IsRoot(string text) => text.Length <= WebLimit && Uri.TryCreate(text, UriKind.Absolute, out var root)
        && (root.Scheme == Uri.UriSchemeHttp || root.Scheme == Uri.UriSchemeHttps) && root is { UserInfo: "", Query: "", Fragment: "" };

    private static bool IsSecret(string text) => Uri.TryCreate(text, UriKind.Absolute, out var root) && (root.Scheme == Uri.UriSchemeHttps || root.IsLoopback);

    private static bool TryReadHours(string hours, out int first, out int last)
    {
        (first, last) = (0, 0);
        if (hours.Length == 0)
        {
            return true;
        }

        return hours.Split('-') is [var from, var to]
            && int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out first) && first < 24
            && int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out last) && last <= 24;
    }
}
