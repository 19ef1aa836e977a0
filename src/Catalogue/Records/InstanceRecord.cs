using Panal.Catalogue.Attributes;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>What the catalogue is told of one stored instance.</summary>
/// <param name="Attributes">The attributes named by <see cref="CataloguedAttributes.Wanted"/>; others are ignored. Study and Series Instance UID must be there.</param>
/// <param name="SopInstanceUid">Key of the instance.</param>
/// <param name="TransferSyntaxUid">Of the stored bytes.</param>
/// <param name="SourceAeTitle">Who sent it.</param>
/// <param name="ReceivedAt">When it came, to the millisecond.</param>
/// <param name="Copy">Where its bytes are.</param>
public sealed record InstanceRecord(
    DataSet Attributes,
    string SopInstanceUid,
    string SopClassUid,
    string TransferSyntaxUid,
    string SourceAeTitle,
    DateTimeOffset ReceivedAt,
    CopyRecord Copy)
{
    private (DataSet Source, EncodedAttributes Attributes)? _encoded;

    /// <summary>The attributes as rows and notes keep them; encoded once.</summary>
    internal EncodedAttributes Encoded
    {
        get
        {
            // "with" copies this field: it holds only for the data set that it was made of.
            if (_encoded is not { } encoded || !ReferenceEquals(encoded.Source, Attributes))
            {
                _encoded = encoded = (Attributes, AttributeEncoder.Encode(Attributes));
            }

            return encoded.Attributes;
        }
    }

    internal InstanceRecord WithEncoded(EncodedAttributes encoded)
    {
        _encoded = (Attributes, encoded);
        return this;
    }

    public override string ToString() => "[redacted]";
}
