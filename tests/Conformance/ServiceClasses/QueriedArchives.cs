using Panal.Conformance.Witnesses;

namespace Panal.Conformance.ServiceClasses;

/// <summary>Panal and Orthanc with the same studies.</summary>
public sealed class QueriedArchives : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private PanalNode? node;
    private Orthanc? orthanc;

    internal IReadOnlyList<CorpusFile> Files { get; private set; } = [];

    internal async Task<PanalNode> NodeAsync(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            if (node is null)
            {
                Files = await ChooseAsync(ct);
                PanalNode started = await PanalNode.StartAsync(ct);
                (await PanalNode.RunCommandAsync(
                    ["store", "127.0.0.1", started.DicomPort.ToString(), "--called", started.AeTitle, .. Files.Select(file => file.Path)], ct)).Succeeded();
                node = started;
            }

            return node;
        }
        finally
        {
            gate.Release();
        }
    }

    internal async Task<Orthanc> OrthancAsync(CancellationToken ct)
    {
        PanalNode panal = await NodeAsync(ct);
        await gate.WaitAsync(ct);
        try
        {
            if (orthanc is null)
            {
                Orthanc started = await Orthanc.StartAsync(ct, known: (panal.AeTitle, panal.DicomPort));
                foreach (CorpusFile file in Files)
                {
                    await started.UploadAsync(file.Path, ct);
                }

                orthanc = started;
            }

            return orthanc;
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (orthanc is not null)
        {
            await orthanc.DisposeAsync();
        }

        if (node is not null)
        {
            await node.DisposeAsync();
        }

        gate.Dispose();
    }

    private static async Task<IReadOnlyList<CorpusFile>> ChooseAsync(CancellationToken ct)
    {
        string[] folders = ["charset", "mr_series", "single_frame", "sr_ko_pr", "rt", "seg"];
        IReadOnlyList<CorpusFile> all = await Corpus.FilesAsync(ct);
        CorpusFile[] chosen = [.. all.Where(file => folders.Contains(file.Folder)), .. all.Where(file => file.Folder == "ct_series").Take(20)];

        // Where files disagree about their patient or study, no archive can be right.
        IEnumerable<CorpusFile> agreeing = chosen
            .GroupBy(file => file.PatientId).Where(patient => patient.DistinctBy(file => file.AboutPatient).Count() == 1).SelectMany(patient => patient)
            .GroupBy(file => file.StudyInstanceUid).Where(study => study.DistinctBy(file => file.AboutStudy).Count() == 1).SelectMany(study => study);
        return [.. agreeing];
    }
}
