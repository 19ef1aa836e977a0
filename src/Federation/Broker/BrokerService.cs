using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Broker.Forwarding;

namespace Panal.Federation.Broker;

/// <summary>The brokers of this node: foreign archives that it mirrors, whose studies it offers to the network, and gets on demand.</summary>
public sealed class BrokerService(
    IForeignArchives archives, BrokerFolder folder, CatalogueDatabase catalogue, TimeProvider time, ILogger<BrokerService> logger) : IInstanceNotices, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ForeignBroker> _brokers = new(StringComparer.OrdinalIgnoreCase);
    private readonly SemaphoreSlim _changing = new(1);

    /// <summary>Starts the brokers of the last run.</summary>
    /// <exception cref="InvalidDataException">A definition cannot be read.</exception>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public void Start()
    {
        foreach (var definition in folder.Load())
        {
            Begin(definition);
        }
    }

    /// <summary>Adds a broker and begins to mirror its archive; one of the same name keeps what it has mirrored if it calls the same AE title.</summary>
    /// <param name="wanted">What it is told; its source is given here.</param>
    /// <param name="ct">Breaks off.</param>
    /// <exception cref="BrokerException">The definition cannot be, or there are too many.</exception>
    public async Task<BrokerStatus> AddAsync(BrokerDefinition wanted, CancellationToken ct)
    {
        if (wanted.Fault() is { } fault)
        {
            throw new BrokerException(fault);
        }

        await _changing.WaitAsync(ct);
        try
        {
            if (_brokers.TryRemove(wanted.Name, out var before))
            {
                await before.DisposeAsync();
                if (before.Definition.AeTitle != wanted.AeTitle)
                {
                    await ForgetAsync(before, ct);
                }
                else
                {
                    wanted = wanted with { Name = before.Definition.Name, Source = before.Definition.Source };
                }
            }
            else if (_brokers.Count >= BrokerFolder.BrokerLimit)
            {
                throw new BrokerException($"A node has {BrokerFolder.BrokerLimit} brokers at most.");
            }

            var definition = wanted with { Source = wanted.Source == Guid.Empty ? Guid.NewGuid() : wanted.Source };
            await catalogue.AddForeignAsync(definition.Source, ct);
            folder.Save(definition);
            var added = Begin(definition);
            if (definition.Forward && before?.Definition.Forward != true)
            {
                // From now on: what was here before is forwarded when somebody asks for it.
                var now = catalogue.LastSequence();
                added.Keep(progress => progress with { ForwardedSequence = now });
            }

            return StatusOf(added);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Ends a broker and forgets what only its archive offers; what was fetched from it stays.</summary>
    /// <exception cref="BrokerException">There is none of this name.</exception>
    public async Task<BrokerStatus> RemoveAsync(string name, CancellationToken ct)
    {
        await _changing.WaitAsync(ct);
        try
        {
            if (!_brokers.TryRemove(name, out var broker))
            {
                throw Unknown(name);
            }

            var last = StatusOf(broker);
            await broker.DisposeAsync();
            await ForgetAsync(broker, ct);
            return last;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>How all of them are doing, by name.</summary>
    public IReadOnlyList<BrokerStatus> Status() => [.. _brokers.Values.OrderBy(static one => one.Definition.Name, StringComparer.Ordinal).Select(StatusOf)];

    /// <summary>How one is doing.</summary>
    /// <exception cref="BrokerException">There is none of this name.</exception>
    public BrokerStatus Status(string name) => StatusOf(Named(name));

    /// <summary>Looks at what is new at once, or sweeps everything again; ends when that is done.</summary>
    /// <exception cref="BrokerException">There is none of this name.</exception>
    /// <exception cref="ForeignArchiveException">The archive cannot be asked; it is tried again later all the same.</exception>
    public Task SweepAsync(string name, bool isWhole, CancellationToken ct) => Named(name).SweepNowAsync(isWhole).WaitAsync(ct);

    /// <inheritdoc/>
    public bool Notice(string callingAeTitle, string studyInstanceUid)
    {
        var told = _brokers.Values.Where(one => one.Definition.AeTitle == callingAeTitle).ToList();
        told.ForEach(one => one.Notice(studyInstanceUid));
        return told.Count > 0;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _brokers.Values)
        {
            await broker.DisposeAsync();
        }

        _changing.Dispose();
    }

    internal ForeignBroker? Find(Guid source) => _brokers.Values.FirstOrDefault(one => one.Definition.Source == source);

    internal ForeignBroker Named(string name) => _brokers.TryGetValue(name, out var broker) ? broker : throw Unknown(name);

    internal IReadOnlyList<ForeignBroker> Forwarding() => [.. _brokers.Values.Where(static one => one.Definition.Forward)];

    private static BrokerException Unknown(string name) => new($"There is no broker {(name.Length <= BrokerDefinition.NameLimit ? name : "of this name")}.");

    private ForeignBroker Begin(BrokerDefinition definition)
    {
        var broker = new ForeignBroker(definition, archives, folder, catalogue, time, logger);
        _brokers[definition.Name] = broker;
        broker.Start();
        return broker;
    }

    private async Task ForgetAsync(ForeignBroker broker, CancellationToken ct)
    {
        folder.Remove(broker.Definition.Name);
        await catalogue.WithdrawAsync(broker.Definition.Source, ct);
    }

    private BrokerStatus StatusOf(ForeignBroker broker)
    {
        var (definition, tally, progress) = (broker.Definition, broker.Tally, broker.Progress);
        var (studies, instances) = catalogue.CountOffers(definition.Source);
        return new BrokerStatus
        {
            Definition = definition,
            Studies = studies,
            Instances = instances,
            WindowsDone = progress.WindowsDone,
            WindowsLeft = progress.Pending.Count,
            CompletedAt = progress.CompletedAt,
            PolledAt = progress.PolledAt,
            Requests = broker.Pace.Requests,
            Doubtful = tally.Doubtful,
            LastDoubt = tally.LastDoubt,
            StudiesDropped = tally.StudiesDropped,
            InstancesRetrieved = tally.InstancesRetrieved,
            InstancesMissing = tally.InstancesMissing,
            InstancesForwarded = tally.InstancesForwarded,
            ForwardsWaiting = ForwardJob.Waiting(catalogue, definition.Name),
            Trouble = tally.Trouble,
        };
    }
}
