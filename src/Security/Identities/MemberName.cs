namespace Panal.Security.Identities;

/// <summary>Names of members and networks, as docs/formats/network.md limits them: what strangers send is printed and certified.</summary>
public static class MemberName
{
    /// <summary>Longest name of a member, in characters.</summary>
    public const int LengthLimit = 32;

    /// <summary>Longest name of a network or an institution, in characters.</summary>
    public const int TitleLengthLimit = 64;

    /// <summary>Longest address where links reach a member: a DNS name of 253 characters, brackets, a colon and a port.</summary>
    public const int EndpointLengthLimit = 261;

    /// <summary>Whether it can be a member's name: 1 to 32 letters and digits of ASCII, hyphens, underscores, dots.</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= LengthLimit && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>Whether it can name a network: 1 to 64 printable characters, none of them with a meaning in a distinguished name.</summary>
    public static bool IsTitle(string title) => title.Length > 0 && IsTitleOrEmpty(title) && title.Trim() == title;

    /// <summary>Whether it can name an institution: 0 to 64 printable characters.</summary>
    public static bool IsTitleOrEmpty(string title) =>
        title.Length <= TitleLengthLimit && title.All(c => !char.IsControl(c) && !char.IsSurrogate(c) && c is not ('"' or '\\' or '<' or '>' or '\u2028' or '\u2029'));

    /// <summary>Whether it can be an address of a link, <c>host:port</c> or <c>[v6]:port</c>.</summary>
    public static bool IsEndpoint(string endpoint)
    {
        var colon = endpoint.LastIndexOf(':');
        if (endpoint.Length > EndpointLengthLimit || colon <= 0
            || !ushort.TryParse(endpoint.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out var port) || port == 0)
        {
            return false;
        }

        var host = endpoint[..colon];
        return host[0] == '['
            ? host[^1] == ']' && Uri.CheckHostName(host[1..^1]) == UriHostNameType.IPv6
            : Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4;
    }
}
