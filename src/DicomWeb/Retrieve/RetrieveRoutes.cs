namespace Panal.DicomWeb.Retrieve;

/// <summary>The resources that are retrieved, together.</summary>
public sealed record RetrieveRoutes(
    InstanceResource Instances, MetadataResource Metadata, FrameResource Frames, BulkDataResource BulkData, UriResource Uri, RenderedResource Rendered);
