namespace Panal.Dicom;

/// <summary>A data set of the deflated transfer syntax as the plain one that it holds, and back, read as it is asked for (PS3.5 §A.5, RFC 1951).</summary>
public static class DeflatedDataSet
{
    /// <summary>The plain bytes; forward only.</summary>
    /// <param name="deflated">Stands at the first deflated byte; stays open.</param>
    /// <param name="limits">Of what may become of it; reading beyond them throws a <see cref="DicomFormatException"/>, as corrupt bytes do.</param>
    public static Stream Inflate(Stream deflated, DecodeLimits limits) => new InflatingStream(deflated, limits);

    /// <summary>The deflated bytes, of an even number; forward only. The same plain bytes give the same ones.</summary>
    /// <param name="plain">Stands at the first plain byte; stays open.</param>
    public static Stream Deflate(Stream plain) => new DeflatedView(plain);

    /// <summary>Deflates a step ahead of who reads.</summary>
    private sealed class DeflatedView : ForwardStream
    {
        private const int StepBytes = 16 << 10;

        private readonly Stream _plain;
        private readonly byte[] _step = new byte[StepBytes];
        private readonly MemoryStream _ready = new();
        private readonly DeflatingStream _deflater;
        private bool _isEnded;

        public DeflatedView(Stream plain)
        {
            _plain = plain;
            _deflater = new DeflatingStream(_ready);
        }

        public override bool CanRead => true;

        public override int Read(Span<byte> buffer)
        {
            while (_ready.Position == _ready.Length && !_isEnded)
            {
                Take(_plain.Read(_step));
            }

            return _ready.Read(buffer);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (_ready.Position == _ready.Length && !_isEnded)
            {
                Take(await _plain.ReadAsync(_step, cancellationToken));
            }

            return _ready.Read(buffer.Span);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _deflater.Dispose();
                _ready.Dispose();
            }

            base.Dispose(disposing);
        }

        private void Take(int length)
        {
            _ready.SetLength(0);
            if (length == 0)
            {
                _isEnded = true;
                _deflater.Dispose();
            }
            else
            {
                _deflater.Write(_step.AsSpan(0, length));
            }

            _ready.Position = 0;
        }
    }
}
