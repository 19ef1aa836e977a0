using System.IO.Pipelines;

namespace Panal.Unit.Dimse;

/// <summary>Two ends of one connection in memory.</summary>
internal sealed record DuplexPipes(IDuplexPipe Local, IDuplexPipe Remote)
{
    public static DuplexPipes Create() => Create(PipeOptions.Default);

    public static DuplexPipes Create(PipeOptions options)
    {
        var there = new Pipe(options);
        var back = new Pipe(options);
        return new DuplexPipes(new End(back.Reader, there.Writer), new End(there.Reader, back.Writer));
    }

    /// <summary>The pipes of a stream, which stays open.</summary>
    public static IDuplexPipe Of(Stream stream) => new End(
        PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true)), PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)));

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
