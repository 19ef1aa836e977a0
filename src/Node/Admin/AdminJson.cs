using System.Text.Json.Serialization;
using Panal.Archive.Compaction;
using Panal.Archive.Fixity;
using Panal.Archive.Import;
using Panal.Archive.Retrieve;
using Panal.Archive.Retrieve.Metadata;

namespace Panal.Node.Admin;

/// <summary>What goes over the administration socket, one JSON object a line.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(ImportProgress))]
[JsonSerializable(typeof(VerifyProgress))]
[JsonSerializable(typeof(ReceivedExportProgress))]
[JsonSerializable(typeof(TransferView))]
[JsonSerializable(typeof(CompactionProgress))]
[JsonSerializable(typeof(CompactionStatus))]
[JsonSerializable(typeof(MetadataProgress))]
[JsonSerializable(typeof(MetadataStatus))]
internal sealed partial class AdminJson : JsonSerializerContext;
