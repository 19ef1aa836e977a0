using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Dicom;
using Panal.Dimse;

namespace Panal.Unit.Dimse.Associations;

/// <summary>An association of ours with ourselves, over pipes in memory.</summary>
internal sealed class AssociationPair : IAsyncDisposable
{
    public static readonly IReadOnlyList<ProposedPresentationContext> UsualContexts =
    [
        new(1, Uids.Verification, [Uids.ImplicitVRLittleEndian]),
        new(3, Uids.CTImageStorage, [Uids.ExplicitVRLittleEndian]),
        new(5, Uids.StudyRootQueryRetrieveInformationModelFind, [Uids.ImplicitVRLittleEndian]),
        new(7, Uids.StudyRootQueryRetrieveInformationModelGet, [Uids.ImplicitVRLittleEndian]),
    ];

    private readonly CancellationTokenSource stop;

    private AssociationPair(Task acceptor, Association requestor, CancellationTokenSource stop)
    {
        Acceptor = acceptor;
        Requestor = requestor;
        this.stop = stop;
    }

    public Task Acceptor { get; }

    public Association Requestor { get; }

    public static Task<AssociationPair> OpenAsync(IDimseService service) =>
        OpenAsync(service, new AssociationOptions(), new AssociationOptions(), requestorService: null, PipeOptions.Default);

    public static Task<AssociationPair> OpenAsync(IDimseService service, IDuplexPipe local, IDuplexPipe remote) =>
        OpenAsync((local, remote), service, new AssociationOptions(), new AssociationOptions(), requestorService: null, contexts: null);

    public static Task<AssociationPair> OpenAsync(
        IDimseService service,
        AssociationOptions acceptorOptions,
        AssociationOptions requestorOptions,
        IDimseService? requestorService,
        PipeOptions pipeOptions,
        IReadOnlyList<ProposedPresentationContext>? contexts = null)
    {
        var pipes = DuplexPipes.Create(pipeOptions);
        return OpenAsync((pipes.Local, pipes.Remote), service, acceptorOptions, requestorOptions, requestorService, contexts);
    }

    private static async Task<AssociationPair> OpenAsync(
        (IDuplexPipe Local, IDuplexPipe Remote) pipes,
        IDimseService service,
        AssociationOptions acceptorOptions,
        AssociationOptions requestorOptions,
        IDimseService? requestorService,
        IReadOnlyList<ProposedPresentationContext>? contexts)
    {
        var peer = new Peer(null, null);
        var stopping = new CancellationTokenSource();
        var acceptor = AssociationAcceptor.RunAsync(
            pipes.Remote, peer, acceptorOptions, new AcceptAll(), service, TimeProvider.System, NullLogger.Instance, stopping.Token);
        var parameters = new AssociationParameters("REQUESTOR", "ACCEPTOR", contexts ?? UsualContexts)
        {
            Roles = [new RoleSelection(Uids.CTImageStorage, Scu: true, Scp: true)],
        };
        var requestor = await AssociationRequestor.ConnectAsync(
            pipes.Local, peer, parameters, requestorOptions, requestorService, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        return new AssociationPair(acceptor, requestor, stopping);
    }

    public void Stop() => stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        await Requestor.DisposeAsync();
        await Acceptor;
        stop.Dispose();
    }
}

/// <summary>Accepts whatever is proposed, in the requestor's first transfer syntax.</summary>
internal sealed class AcceptAll : IAssociationPolicy
{
    public ValueTask<AssociationDecision> DecideAsync(AssociationRequest request, CancellationToken ct) =>
        new(new AssociationDecision.Accept(ContextNegotiation.Answer(request.Contexts, _ => new TransferSyntaxPreference([], AcceptsOthers: true)))
        {
            Roles = request.UserInformation.Roles,
            ExtendedNegotiation = request.UserInformation.ExtendedNegotiation,
        });
}
