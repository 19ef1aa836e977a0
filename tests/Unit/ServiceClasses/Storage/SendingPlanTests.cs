using Panal.Dicom;
using Panal.ServiceClasses.Storage;

namespace Panal.Unit.ServiceClasses.Storage;

public sealed class SendingPlanTests
{
    [Fact]
    public void A_usual_study_needs_one_association_with_the_stored_syntax_alone_in_its_context()
    {
        SendableInstance[] instances = [.. Enumerable.Range(1, 140).Select(i => Reference(Uids.CTImageStorage, i, Uids.ExplicitVRLittleEndian))];
        var batch = Assert.Single(SendingPlan.Create(instances));
        Assert.Equal(instances, batch.Instances);
        Assert.Equal([Uids.ExplicitVRLittleEndian], batch.Contexts[0].TransferSyntaxUids);
        Assert.Equal([Uids.ImplicitVRLittleEndian], batch.Contexts[1].TransferSyntaxUids);
        Assert.Equal(2, batch.Contexts.Count);
    }

    [Fact]
    public void A_compressed_class_has_an_uncompressed_context_to_fall_back_to()
    {
        var batch = Assert.Single(SendingPlan.Create([Reference(Uids.CTImageStorage, 1, Uids.JPEG2000Lossless)]));
        Assert.Equal([Uids.JPEG2000Lossless], batch.Contexts[0].TransferSyntaxUids);
        Assert.Equal([Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian], batch.Contexts[1].TransferSyntaxUids);
    }

    [Fact]
    public void A_class_that_can_be_transcoded_offers_the_other_lossless_syntaxes_too()
    {
        var batch = Assert.Single(SendingPlan.Create([Reference(Uids.CTImageStorage, 1, Uids.JPEGLSLossless)]));
        Assert.Equal(3, batch.Contexts.Count);
        Assert.Equal(
            [
                Uids.JPEG2000Lossless, Uids.HTJ2KLosslessRPCL, Uids.HTJ2KLossless, Uids.JPEGLosslessSV1, Uids.JPEGLossless, Uids.RLELossless, Uids.JPEG2000,
                Uids.HTJ2K,
            ],
            batch.Contexts[2].TransferSyntaxUids);
    }

    [Fact]
    public void More_contexts_than_128_are_spread_over_associations_and_no_instance_is_lost()
    {
        SendableInstance[] instances =
        [
            .. from sopClass in Enumerable.Range(1, 50)
               from syntax in Enumerable.Range(1, 5)
               select Reference($"1.2.3.{sopClass}", (sopClass * 10) + syntax, $"1.2.4.{syntax}"),
        ];
        var batches = SendingPlan.Create(instances);
        Assert.True(batches.Count >= 3);
        Assert.All(batches, batch => Assert.InRange(batch.Contexts.Count, 1, SendingPlan.MaximumContexts));
        Assert.Equal(instances.Select(i => i.SopInstanceUid).Order(), batches.SelectMany(b => b.Instances).Select(i => i.SopInstanceUid).Order());
        AssertCarried(batches);
    }

    [Fact]
    public void One_class_in_more_syntaxes_than_fit_is_spread_too()
    {
        var batches = SendingPlan.Create([.. Enumerable.Range(1, 300).Select(i => Reference(Uids.CTImageStorage, i, $"1.2.4.{i}"))]);
        Assert.All(batches, batch => Assert.InRange(batch.Contexts.Count, 1, SendingPlan.MaximumContexts));
        AssertCarried(batches);
    }

    [Fact]
    public void Nothing_needs_no_association() => Assert.Empty(SendingPlan.Create([]));

    private static void AssertCarried(IReadOnlyList<SendingBatch> batches) =>
        Assert.All(batches, batch => Assert.All(batch.Instances, instance =>
            Assert.Contains(batch.Contexts, context => context.SopClassUid == instance.SopClassUid && context.TransferSyntaxUids is [var only] && only == instance.TransferSyntaxUid)));

    private static SendableInstance Reference(string sopClassUid, int number, string transferSyntaxUid) => new(sopClassUid, $"1.2.9.{number}", transferSyntaxUid, _ => null);
}
