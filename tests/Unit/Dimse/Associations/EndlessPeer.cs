using System.Buffers;
using System.IO.Pipelines;
using Panal.Dicom;
using Panal.Dimse;

namespace Panal.Unit.Dimse.Associations;

/// <summary>
/// A connection whose peer asks for an association, sends the same C-STORE again and again, and asks for release.
/// Its buffers are made before, so that nothing but the receiver works and allocates.
/// </summary>
internal sealed class EndlessPeer : PipeReader, IDuplexPipe
{
    private readonly byte[] request;
    private readonly byte[] message;
    private readonly byte[] release;
    private readonly int chunkBytes;
    private readonly DiscardingWriter writer = new();
    private ReadOnlySequence<byte> current;
    private int messagesLeft;
    private int offset;
    private int stage;

    public EndlessPeer(int messages, int dataSetBytes, int pduBytes, int chunkBytes)
    {
        messagesLeft = messages;
        this.chunkBytes = chunkBytes;
        request = Peers.AssociateRequest(AssociationPair.UsualContexts);
        message = Peers.Store(3, 1, dataSetBytes, pduBytes);
        release = Peers.ReleaseRequest();
    }

    public PipeReader Input => this;

    public PipeWriter Output => writer;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        TryRead(out var result);
        return new(result);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (current.IsEmpty && stage <= 2)
        {
            current = Next();
        }

        result = new ReadResult(current, isCanceled: false, isCompleted: stage > 2);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var rest = current.Slice(consumed);
        current = !rest.IsEmpty && current.Slice(examined).IsEmpty ? Join(rest) : rest;
    }

    public override void CancelPendingRead()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    // What was looked at and left is given again with what follows it.
    private ReadOnlySequence<byte> Join(ReadOnlySequence<byte> rest)
    {
        var begin = (int)rest.Length;
        offset -= begin;
        return Next();
    }

    private ReadOnlySequence<byte> Next()
    {
        while (true)
        {
            var bytes = stage switch { 0 => request, 1 => message, _ => release };
            if (offset < bytes.Length)
            {
                var length = Math.Min(chunkBytes, bytes.Length - offset);
                var next = new ReadOnlySequence<byte>(bytes, offset, length);
                offset += length;
                return next;
            }

            offset = 0;
            if (stage != 1 || --messagesLeft == 0)
            {
                stage++;
            }

            if (stage > 2)
            {
                return ReadOnlySequence<byte>.Empty;
            }
        }
    }

    private sealed class DiscardingWriter : PipeWriter
    {
        private readonly byte[] buffer = new byte[1 << 20];

        public override void Advance(int bytes)
        {
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

        public override Memory<byte> GetMemory(int sizeHint = 0) => buffer;

        public override Span<byte> GetSpan(int sizeHint = 0) => buffer;
    }
}
