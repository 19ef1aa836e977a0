using Panal.Dicom;

namespace Panal.Unit.Dicom.TransferSyntaxes;

public sealed class TransferSyntaxTests
{
    [Theory]
    [InlineData(Uids.ImplicitVRLittleEndian, false, false, false, false)]
    [InlineData(Uids.ExplicitVRLittleEndian, true, false, false, false)]
    [InlineData(Uids.ExplicitVRBigEndian, true, true, false, false)]
    [InlineData(Uids.DeflatedExplicitVRLittleEndian, true, false, false, true)]
    [InlineData(Uids.JPEG2000Lossless, true, false, true, false)]
    [InlineData(Uids.HTJ2K, true, false, true, false)]
    [InlineData(Uids.DeflatedImageFrameCompression, true, false, true, false)]
    [InlineData(Uids.JPIPReferenced, true, false, false, false)]
    [InlineData(Uids.JPIPReferencedDeflate, true, false, false, true)]
    [InlineData("1.2.3.4", true, false, true, false)]
    public void A_syntax_tells_its_encoding(string uid, bool isExplicit, bool bigEndian, bool encapsulated, bool deflated)
    {
        var syntax = TransferSyntax.ForUid(uid);
        Assert.Equal(uid, syntax.Uid);
        Assert.Equal(
            (isExplicit, bigEndian, encapsulated, deflated),
            (syntax.IsExplicitVr, syntax.IsBigEndian, syntax.IsEncapsulated, syntax.IsDeflated));
    }

    [Fact]
    public void Known_syntaxes_are_one_object_each() =>
        Assert.Same(TransferSyntax.ExplicitVrLittleEndian, TransferSyntax.ForUid(Uids.ExplicitVRLittleEndian));
}
