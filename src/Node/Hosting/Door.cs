namespace Panal.Node.Hosting;

/// <summary>One line of the table that the node prints at its start.</summary>
/// <param name="Address">Where it listens, or "off".</param>
/// <param name="Protocol">What it speaks.</param>
/// <param name="AETitle">Our AE title there; empty where there is none.</param>
/// <param name="WhoMayCall">For whom it opens, or why it is off.</param>
internal sealed record Door(string Address, string Protocol, string AETitle, string WhoMayCall)
{
    public const string Off = "off";

    public static void Write(TextWriter output, IEnumerable<Door> doors) => TextTable.Write(
        output,
        ["Address", "Protocol", "AE title", "Who may call"],
        doors.Select(d => (string[])[d.Address, d.Protocol, d.AETitle, d.WhoMayCall]));
}
