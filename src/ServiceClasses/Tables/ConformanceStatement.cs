using System.Text;
using Panal.Archive.Ingest;
using Panal.Dicom;
using Panal.ServiceClasses.Storage;

namespace Panal.ServiceClasses.Tables;

/// <summary>Writes CONFORMANCE.md from the tables that the code itself works by. PS3.2 Annex A gives the order.</summary>
public static class ConformanceStatement
{
    private const string Introduction = """
        # DICOM conformance statement

        Panal is a DICOM archive. This page is generated from the tables that the code works by (`panal docs conformance`); a test compares the two.
        """;

    private const string Networking = """
        ## Application entity

        One application entity (default title `PANAL`) listens on TCP port 11112 (plain) and 2762 (TLS, BCP 195 RFC 8996 profile, PS3.15 B.12), and opens
        associations of its own for C-MOVE sub-operations, for the results of storage commitment, and for the commands `panal echo|store|find|move|get`.

        | Item | As acceptor | As requestor |
        |---|---|---|
        | Application context | 1.2.840.10008.3.1.1.1 | the same |
        | Maximum PDU length offered | as configured, 4,096 to 1,048,576 bytes | the same |
        | Presentation contexts in one association | up to 128 | up to 128; more are spread over several associations |
        | Asynchronous operations window | answered as offered, within the configured limit | used when the peer grants it |
        | SCP/SCU role selection | as proposed, for Storage (C-GET) and Storage Commitment (results) | C-GET: SCP=1; results of storage commitment: SCU=0, SCP=1 |
        | SOP class extended negotiation | Query/Retrieve: relational queries; sub-operations | not proposed |
        | User identity | read; a positive response is given when asked for | not proposed |

        ### Who may call

        Callers on the loopback interface are accepted. Any other must be a registered application entity (title together with address or certificate).

        | Case | A-ASSOCIATE-RJ result, source, reason (PS3.8 Table 9-21) |
        |---|---|
        | Calling AE title unknown, or known from another address | 1, 1, 3: calling AE title not recognized; written to the audit trail as Security Alert |
        | Called AE title is not ours | 1, 1, 7: called AE title not recognized |
        | More associations than the limit | 2, 3, 2: local limit exceeded |
        | A service that the caller has no right to | the association is accepted, the presentation context refused: 1, user rejection (PS3.8 Table 9-18) |
        | An abstract syntax that Panal does not serve | 3, abstract syntax not supported |
        | Only transfer syntaxes that the service cannot read | 4, transfer syntaxes not supported |

        Of the transfer syntaxes in one presentation context the first acceptable one in the order of the proposal is chosen, unless the configuration names an order.
        """;

    private const string CharacterSets = """
        ## Character sets

        Every defined term of Specific Character Set (PS3.3 C.12.1.1.2), single-byte and with ISO 2022 code extensions, ISO_IR 192 (UTF-8), GB18030 and GBK, is read
        for the catalogue and for queries. Data sets are stored and sent with the characters that they came with.
        """;

    private const string QueryNotes = """
        ### Queries

        Hierarchical and relational queries are answered; a relational query that was not negotiated is answered too, unless the configuration says strict.
        Matching: universal, single value, wildcard (`*`, `?`), range of dates and times, list of UIDs, sequence (PS3.4 C.2.2.2). Person names are matched without
        regard to case and accents. Every response carries Retrieve AE Title (0008,0054) and Instance Availability (0008,0056).

        ### Retrieval

        C-MOVE goes to registered application entities only. An instance is sent in the transfer syntax in which it is stored whenever the receiver accepts it.
        Else it is converted on the way: between the uncompressed transfer syntaxes and deflated; and what is compressed with RLE, JPEG (baseline, extended, lossless),
        JPEG-LS, JPEG 2000 (Part 1, high throughput) or frame by frame with deflate into JPEG-LS lossless, JPEG 2000 lossless, JPEG lossless or RLE if the receiver takes one of them, else uncompressed. Nothing is compressed with loss. A pending response is sent at least every three seconds.
        """;

    private const string CommitmentNotes = """
        ### Storage commitment

        The N-ACTION is answered once the request is recorded durably. Each instance is then read back from its volume and its hash compared; the
        result is sent by N-EVENT-REPORT on an association that Panal opens to the registered address of the requestor (role selection SCU=0, SCP=1), or on the
        original association when there is no such address. A result that cannot be delivered is kept, over restarts too, and sent again with growing pauses.
        A repeated Transaction UID is answered with the recorded result.
        """;

    private const string AvailabilityNotes = """
        ### Instance availability

        A notice (N-CREATE) of an archive that this node mirrors (`panal broker`), known by its calling AE title, makes the node ask that archive about the study at once; what
        the notice says of single instances is not relied on. Notices of others are answered with success and have no effect.
        """;

    /// <summary>Returns the whole page.</summary>
    public static string Generate()
    {
        var page = new StringBuilder(Introduction).Append("\n\n").Append(Networking).Append('\n');
        page.Append("\n## Service classes\n");
        foreach (ServiceClass service in ServiceClassTable.All)
        {
            AppendService(page, service);
        }

        page.Append('\n').Append(QueryNotes).Append("\n\n").Append(CommitmentNotes).Append("\n\n").Append(AvailabilityNotes).Append('\n');
        AppendRefusals(page);
        AppendTransferSyntaxes(page);
        return page.Append('\n').Append(CharacterSets).Append('\n').Replace("\r", "").ToString();
    }

    private static void AppendService(StringBuilder page, ServiceClass service)
    {
        page.Append($"\n### {service.Name}\n\n{service.Source}. Transfer syntaxes: {Describe(service.TransferSyntaxes)}.\n\n");
        page.Append("| SOP class | UID | SCP | SCU |\n|---|---|---|---|\n");
        foreach (ServiceSopClass sopClass in service.SopClasses)
        {
            page.Append($"| {sopClass.Name} | {sopClass.Uid} | {Mark(sopClass, ServiceRoles.Scp)} | {Mark(sopClass, ServiceRoles.Scu)} |\n");
        }

        if (service == StorageTable.Service)
        {
            page.Append("| any other storage class, standard or private | any | yes | yes |\n");
        }

        foreach (OperationStatuses operation in service.Statuses)
        {
            page.Append($"\n| {operation.Operation} status | Meaning | When | Source |\n|---|---|---|---|\n");
            foreach (ServiceStatus status in operation.Rows)
            {
                page.Append($"| {status.Code:X4} | {status.Meaning} | {status.When} | {status.Source} |\n");
            }
        }
    }

    private static void AppendRefusals(StringBuilder page)
    {
        page.Append("\n### Why an instance is refused\n\n| Reason | Status | Error Comment |\n|---|---|---|\n");
        foreach (IngestRefusal refusal in Enum.GetValues<IngestRefusal>())
        {
            (ServiceStatus status, string comment) = RefusalTable.Find(refusal);
            page.Append($"| {refusal} | {status.Code:X4} | {comment} |\n");
        }
    }

    private static void AppendTransferSyntaxes(StringBuilder page)
    {
        page.Append("\n## Transfer syntaxes\n\nStored and sent without change; an unknown one too.\n\n| Transfer syntax | UID |\n|---|---|\n");
        foreach (UidEntry entry in Uids.All.Where(entry => entry.Type == "Transfer Syntax").OrderBy(entry => entry.Uid, StringComparer.Ordinal))
        {
            page.Append($"| {entry.Name} | {entry.Uid} |\n");
        }
    }

    private static string Describe(TransferSyntaxRule rule) => rule == TransferSyntaxRule.Any
        ? "all, also unknown ones"
        : "Implicit VR Little Endian, Explicit VR Little Endian, Explicit VR Big Endian, Deflated Explicit VR Little Endian";

    private static string Mark(ServiceSopClass sopClass, ServiceRoles role) => sopClass.Roles.HasFlag(role) ? "yes" : "";
}
