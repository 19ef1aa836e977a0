using System.Buffers;
using Panal.Catalogue;
using Panal.Federation.Feed;

namespace Panal.Unit.Federation.Feed;

/// <summary>One subscriber's connection to one publisher: bytes go over in pieces of any length, and may be cut at any of them.</summary>
internal sealed class SimulatedStream(SimulatedNode publisher, SimulatedNode subscriber, int stepChanges, int stepInstances)
{
    private FeedSource? _source;
    private FeedSink? _sink;
    private bool _isSnapshot;
    private ArrayBufferWriter<byte> _onTheWay = new();
    private int _arrived;

    public SimulatedNode Publisher => publisher;

    public SimulatedNode Subscriber => subscriber;

    public bool IsPartitioned { get; set; }

    /// <summary>The line is cut; what was on the way is lost, also the half of a frame that has arrived.</summary>
    public void Cut()
    {
        _source = null;
        _sink = null;
        _isSnapshot = false;
        _onTheWay = new ArrayBufferWriter<byte>();
        _arrived = 0;
    }

    /// <summary>Lets the publisher speak and some bytes arrive; true when something was applied or is still on its way.</summary>
    public async Task<bool> AdvanceAsync(int bytes)
    {
        if (IsPartitioned)
        {
            return false;
        }

        if (_source is null)
        {
            Open();
        }

        if (_onTheWay.WrittenCount == _arrived && !_source!.TryNext(_onTheWay) && _onTheWay.WrittenCount == _arrived)
        {
            bool mustTurn = _source.HasEnded;
            if (mustTurn)
            {
                bool needsSnapshot = _sink!.NeedsSnapshot;
                Cut();
                _isSnapshot = needsSnapshot;
            }

            return mustTurn;
        }

        _arrived = Math.Min(_onTheWay.WrittenCount, _arrived + bytes);
        await TakeFramesAsync();
        return true;
    }

    private void Open()
    {
        _source = new FeedSource(publisher.Catalogue, FeedFilter.All, stepChanges, stepInstances);
        _sink = new FeedSink(subscriber.Catalogue, publisher.Id, _isSnapshot ? FeedMode.Snapshot : FeedMode.Feed);
        var hello = new ArrayBufferWriter<byte>();
        _sink.Open(hello);
        _source.Answer(hello.WrittenSpan[FeedFrame.HeaderBytes..], _onTheWay);
    }

    private async Task TakeFramesAsync()
    {
        while (FeedFrame.TryReadHeader(new ReadOnlySequence<byte>(_onTheWay.WrittenMemory[.._arrived]), FeedFrame.LimitBytes, out FeedFrameKind kind, out int length)
            && _arrived >= FeedFrame.HeaderBytes + length)
        {
            await _sink!.ReceiveAsync(kind, _onTheWay.WrittenMemory.Slice(FeedFrame.HeaderBytes, length), CancellationToken.None);
            var rest = new ArrayBufferWriter<byte>();
            rest.Write(_onTheWay.WrittenSpan[(FeedFrame.HeaderBytes + length)..]);
            _onTheWay = rest;
            _arrived -= FeedFrame.HeaderBytes + length;
            if (kind is FeedFrameKind.Step or FeedFrameKind.Next)
            {
                Check();
            }
        }
    }

    /// <summary>No transaction is seen in part: what is known is exactly what the publisher held after one of its transactions.</summary>
    private void Check()
    {
        PublisherState state = subscriber.Catalogue.Publishers().Single(known => known.Node == publisher.Id);
        if (state.IsComplete && publisher.Past.TryGetValue(state.Cursor.Sequence, out string? past))
        {
            Assert.Equal(past, subscriber.ViewOf(publisher.Id));
        }
        else
        {
            Assert.False(state.IsComplete, "The cursor stands inside a transaction.");
        }
    }
}
