using Panal.Conformance.WireClient;

namespace Panal.Conformance.Crash;

/// <summary>Several senders at once, each with a study of its own, sizes mixed, until the server is gone or enough was sent.</summary>
internal sealed class CrashLoad(Ledger ledger, WitnessTarget target, int round, int seed)
{
    public const int Senders = 5;

    // Bounds what a run writes to the disk; the server may then be killed while it puts things in order.
    private const long BytesOfEachSender = 60 << 20;
    private const int MinPixelBytes = 1 << 10;

    private readonly List<string> _faults = [];

    /// <summary>Runs to the end; <paramref name="hasStarted"/> is set with the first answer.</summary>
    /// <returns>What no crash excuses: a refusal, or a breach of the protocol.</returns>
    public IReadOnlyList<string> Execute(ManualResetEventSlim hasStarted)
    {
        var threads = Enumerable.Range(0, Senders).Select(sender => new Thread(() => Send(sender, hasStarted))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        hasStarted.Set();
        return _faults;
    }

    /// <summary>Sends one instance again, as a modality does that had no answer.</summary>
    public static ushort Send(WitnessAssociation association, SentInstance instance)
    {
        var (shape, identity) = (instance.Shape, instance.Identity);
        var command = CommandSet.Request(CommandSet.StoreRequest, association.NextMessageId(), shape.SopClass, hasDataSet: true)
            .Set(CommandSet.AffectedSopInstance, identity.SopInstanceUid).Set(CommandSet.Priority, (ushort)0);
        association.SendMessage(association.Context(shape.SopClass, shape.TransferSyntax), command, instance.Build());
        var answer = association.ReadMessage(null) ?? throw new WitnessProtocolException("Released before the answer.");
        instance.Answer = answer.StatusCode == 0 ? Answer.Success : Answer.Refused;
        return answer.StatusCode;
    }

    public static WitnessAssociation Connect(WitnessTarget target) => WitnessAssociation.Request(target,
    [
        new(SyntheticInstance.CtImageStorage, SyntheticInstance.ExplicitLittleEndian),
        new(SyntheticInstance.CtImageStorage, SyntheticInstance.ImplicitLittleEndian),
    ]);

    private void Send(int sender, ManualResetEventSlim hasStarted)
    {
        var random = new Random(seed * 31 + sender);
        try
        {
            using var association = Connect(target);
            var sent = 0L;
            for (var number = 1; sent < BytesOfEachSender; number++)
            {
                // Even on a logarithmic scale: as many of 1 to 2 kB as of 2 to 4 MB.
                var pixelBytes = (long)(MinPixelBytes * Math.Pow((double)SentInstance.MaxPixelBytes / MinPixelBytes, random.NextDouble()));
                var shape = new SyntheticInstance(pixelBytes, isExplicitVr: random.Next(3) > 0);
                var instance = new SentInstance(new SyntheticIdentity(round, sender, number), shape, random.Next(SentInstance.MaxPixelBytes) & ~1);
                ledger.Add(instance);
                var status = Send(association, instance);
                if (status != 0)
                {
                    Fault($"sender {sender}: instance {number} was answered with {status:X4}");
                }

                hasStarted.Set();
                sent += shape.LengthBytes;
            }

            association.Release();
        }
        catch (IOException)
        {
            // The server was killed: what this test is about.
        }
        catch (WitnessProtocolException e)
        {
            Fault($"sender {sender}: {e.Message}");
        }
    }

    private void Fault(string text)
    {
        lock (_faults)
        {
            _faults.Add(text);
        }
    }
}
