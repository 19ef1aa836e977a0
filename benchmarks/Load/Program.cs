using Panal.Conformance.WireClient;
using Panal.Load;

const string usage = """
    Load MODE [--host 127.0.0.1] [--port 11112] [--called PANAL] [--calling WITNESS] [--max-pdu 1048576]
      store   [--associations 1] [--count 1000] [--bytes 524288] [--seconds S] [--nagle] [--run R] [--first-study 0] [--per-study 100]
      large   store with --count 1 --bytes 2147483648        tiny   store with --associations 4 --bytes 128
      fill    --note FILE [--count 100000] [--per-study 1] [--associations 4]: goes on from the number in FILE
      find    --run R --studies N [--count 100] [--new-association]
      get     --run R [--first-study 0] [--studies 1] [--per-study 100]
      move    as get, and [--listen 11113]: the server must know LOADMOVE at that port
      echo    [--count 100]
      limit   [--writers 1] [--count 1000] [--bytes 525312] [--directory .] [--own-files]
      side-by-side [--full] [--only "store 1,careless,…"] [--servers "Panal,Orthanc"] [--directory artifacts/bench] [--keep DIRECTORY] [--save]
    """;

if (args.Length == 0)
{
    Console.Error.WriteLine(usage);
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
try
{
    return Modes.Execute(args[0], new Arguments(args.AsSpan(1)), stop.Token);
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(usage);
    return 2;
}
catch (Exception e) when (e is IOException or WitnessProtocolException or TimeoutException or OperationCanceledException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
