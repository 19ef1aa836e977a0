namespace Panal.SwarmSimulation;

/// <summary>A request or its withdrawal within a message.</summary>
internal readonly record struct Asking(int Block, bool IsUrgent, bool IsCancel);

/// <summary>A message or a block on its way from one node to another, with the announcements that ride on it.</summary>
internal sealed class Parcel(Link link)
{
    /// <summary>The way.</summary>
    public Link Link => link;

    /// <summary>The block that it carries, or -1.</summary>
    public int Block { get; init; } = -1;

    /// <summary>The block's bytes are not what they should be.</summary>
    public bool IsFalse { get; set; }

    /// <summary>What it asks for.</summary>
    public List<Asking>? Askings { get; set; }

    /// <summary>Announcements from here in the sender's journal …</summary>
    public int JournalFrom { get; set; }

    /// <summary>… to here.</summary>
    public int JournalTo { get; set; }

    /// <summary>Bytes on the line that still have to leave.</summary>
    public double Left { get; set; }
}

/// <summary>One direction between two nodes.</summary>
internal sealed class Link(SimulatedNode from, SimulatedNode to)
{
    /// <summary>Who sends.</summary>
    public SimulatedNode From => from;

    /// <summary>Who receives.</summary>
    public SimulatedNode To => to;

    /// <summary>The other direction.</summary>
    public Link Back { get; set; } = null!;

    /// <summary>False once it was cut: what is on its way is lost.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>When the other side last sent a part of a block.</summary>
    public double GaveAt { get; set; } = double.NegativeInfinity;

    /// <summary>Number of the sender among the receiver's holders, or -1.</summary>
    public int HolderNumber { get; set; } = -1;

    /// <summary>Number of the receiver among the sender's customers.</summary>
    public int CustomerNumber { get; set; } = -1;

    /// <summary>What of the sender's journal was sent.</summary>
    public int Journal { get; set; }

    /// <summary>Requests that leave with the next message.</summary>
    public Parcel? Gathering { get; set; }

    /// <summary>Blocks that the sender has said it holds.</summary>
    public int Announced { get; set; }
}
