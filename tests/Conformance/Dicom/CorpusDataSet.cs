using System.Buffers;
using Panal.Dicom;

namespace Panal.Conformance.Dicom;

/// <summary>The parts of a file of the corpus, as Panal reads them.</summary>
internal static class CorpusDataSet
{
    /// <summary>Reads the head; the data set follows it.</summary>
    /// <exception cref="DicomFormatException">The file is malformed.</exception>
    public static (FileMetaInformation Meta, ReadOnlyMemory<byte> DataSet) Open(byte[] file)
    {
        FileMeta.TryReadHeader(new ReadOnlySequence<byte>(file), isFinal: true, out var meta, out _);
        return (meta!, file.AsMemory((int)meta!.DataSetOffsetBytes));
    }
}
