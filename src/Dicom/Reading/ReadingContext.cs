using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Panal.Dicom;

/// <summary>
/// What earlier elements say about the VR of later ones in implicit VR: private creators, Pixel Representation, Bits Allocated and
/// Waveform Bits Allocated (PS3.5 §7.8.1, §A.1; PS3.6 §6).
/// </summary>
internal sealed class ReadingContext
{
    /// <summary>Longest private creator that is looked up: LO has 64 characters.</summary>
    public const int MaximumCreatorLengthBytes = 128;

    private const int MaximumCreators = 4096;

    private Scope[] _scopes = new Scope[4];
    private Creator[] _creators = new Creator[16];
    private int _depth;
    private int _creatorCount;

    [StructLayout(LayoutKind.Auto)]
    private struct Scope
    {
        public int FirstCreator;
        public short PixelRepresentation;
        public int BitsAllocated;
        public int WaveformBitsAllocated;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Creator(Tag Tag, int Index);

    public void Reset()
    {
        (_depth, _creatorCount) = (0, 0);
        _scopes[0] = new Scope { PixelRepresentation = -1 };
    }

    /// <summary>An item begins; what its data set does not say, the enclosing one does.</summary>
    public void Enter()
    {
        if (++_depth == _scopes.Length)
        {
            Array.Resize(ref _scopes, _scopes.Length * 2);
        }

        _scopes[_depth] = _scopes[_depth - 1] with { FirstCreator = _creatorCount };
    }

    public void Leave() => _creatorCount = _scopes[_depth--].FirstCreator;

    /// <summary>Whether the value of this element says something about later ones.</summary>
    public static bool IsRelevant(Tag tag, uint length) => tag.IsPrivate
        ? tag.IsPrivateCreator && length <= MaximumCreatorLengthBytes
        : length == 2 && (tag == Tags.PixelRepresentation || tag == Tags.BitsAllocated || tag == Tags.WaveformBitsAllocated);

    public void Note(Tag tag, ReadOnlySpan<byte> value, bool isBigEndian)
    {
        if (tag.IsPrivate)
        {
            if (_creatorCount == _creators.Length && _creatorCount < MaximumCreators)
            {
                Array.Resize(ref _creators, _creators.Length * 2);
            }

            if (_creatorCount < _creators.Length)
            {
                _creators[_creatorCount++] = new Creator(tag, PrivateDictionary.CreatorIndex(value));
            }

            return;
        }

        if (value.Length < 2)
        {
            return;
        }

        var number = isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(value) : BinaryPrimitives.ReadUInt16LittleEndian(value);
        ref var scope = ref _scopes[_depth];
        if (tag == Tags.PixelRepresentation)
        {
            scope.PixelRepresentation = (short)(number & 1);
        }
        else if (tag == Tags.BitsAllocated)
        {
            scope.BitsAllocated = number;
        }
        else
        {
            scope.WaveformBitsAllocated = number;
        }
    }

    /// <summary>The VR of an element in implicit VR.</summary>
    public Vr Resolve(Tag tag)
    {
        if (tag.IsPrivate)
        {
            return tag.Element >= 0x1000 ? PrivateDictionary.VrOf(CreatorOf(tag.PrivateCreator), tag) : DataDictionary.VrOf(tag);
        }

        var vr = DataDictionary.VrOf(tag, out var choice);
        ref var scope = ref _scopes[_depth];
        return choice switch
        {
            VrChoice.UsOrSs => scope.PixelRepresentation == 1 ? Vr.SS : Vr.US,
            VrChoice.ObOrOw when tag.Group == 0x5400 => scope.WaveformBitsAllocated == 8 ? Vr.OB : Vr.OW,
            VrChoice.ObOrOw when tag == Tags.PixelData => scope.BitsAllocated is > 0 and <= 8 ? Vr.OB : Vr.OW,
            _ => vr,
        };
    }

    private int CreatorOf(Tag creator)
    {
        var first = _scopes[_depth].FirstCreator;
        for (var index = _creatorCount - 1; index >= first; index--)
        {
            if (_creators[index].Tag == creator)
            {
                return _creators[index].Index;
            }
        }

        return -1;
    }
}
