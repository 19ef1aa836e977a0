using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Access;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.InstanceAvailability;
using Panal.Unit.Dimse.Associations;
using Panal.Unit.Security;

namespace Panal.Unit.ServiceClasses.InstanceAvailability;

/// <summary>PS3.4 Annex R: who says what can be had where.</summary>
public sealed class InstanceAvailabilityScpTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void A_notice_names_its_study_and_what_is_none_is_told_apart()
    {
        Assert.Equal("1.2.3", InstanceAvailabilityScp.StudyOf(Notice("1.2.3")));
        Assert.Null(InstanceAvailabilityScp.StudyOf(Notice("1.2.x")));
        Assert.Null(InstanceAvailabilityScp.StudyOf(Notice(null)));
        var without = Notice("1.2.3");
        without.SetSequence(Tags.ReferencedSeriesSequence, []);
        Assert.Null(InstanceAvailabilityScp.StudyOf(without));
        Assert.Null(InstanceAvailabilityScp.StudyOf(new DataSet()));
    }

    [Theory]
    [InlineData(true, "1.2.3", "9.9", 0x0000)]
    [InlineData(true, "1.2.3", null, 0x0000)]
    [InlineData(true, null, "9.9", 0x0120)]
    [InlineData(false, "1.2.3", "9.9", 0x0124)]
    public async Task A_notice_is_passed_on_when_it_is_one_and_comes_from_who_may_store(bool isOpen, string? study, string? instance, int status)
    {
        using var folder = new TemporaryFolder();
        var registry = new AeRegistry(folder.Path, TimeProvider.System);
        var heard = new Heard();
        var scp = new InstanceAvailabilityScp(
            new Callers(new AccessControl(new AccessRules("ACCEPTOR", AcceptAnyCalledAETitle: false, isOpen), registry, TimeProvider.System)), NullLogger<InstanceAvailabilityScp>.Instance, heard);
        await using var pair = await AssociationPair.OpenAsync(
            scp, new AssociationOptions(), new AssociationOptions(), null, PipeOptions.Default, [new(1, Uids.InstanceAvailabilityNotification, [Uids.ImplicitVRLittleEndian])]);

        var response = await pair.Requestor.RequestAsync(
            DimseCommand.NCreate(pair.Requestor.Contexts.Single(), Uids.InstanceAvailabilityNotification, instance), Notice(study), Ct);

        Assert.Equal(status, response.Status);
        Assert.Equal(status == 0 ? [("REQUESTOR", "1.2.3")] : [], heard.Studies);
        if (status == 0)
        {
            // The SCP names the instance when the SCU has not (PS3.7 §10.1.5.1.4).
            var named = response.Command.GetString(Tags.AffectedSOPInstanceUID);
            Assert.True(instance is null ? Uid.IsWellFormed(named!) : named == instance, named);
        }
    }

    /// <summary>As PS3.4 Table R.3.2-1 has it.</summary>
    private static DataSet Notice(string? study)
    {
        var reference = new DataSet();
        reference.Set(Tags.ReferencedSOPClassUID, Uids.CTImageStorage);
        reference.Set(Tags.ReferencedSOPInstanceUID, "1.2.3.1.1");
        reference.Set(Tags.InstanceAvailability, "ONLINE");
        reference.Set(Tags.RetrieveAETitle, "REQUESTOR");
        var series = new DataSet();
        series.Set(Tags.SeriesInstanceUID, "1.2.3.1");
        series.SetSequence(Tags.ReferencedSOPSequence, [reference]);
        var notice = new DataSet();
        notice.SetSequence(Tags.ReferencedPerformedProcedureStepSequence, []);
        notice.SetSequence(Tags.ReferencedSeriesSequence, [series]);
        if (study is not null)
        {
            notice.Set(Tags.StudyInstanceUID, study);
        }

        return notice;
    }

    private sealed class Heard : IInstanceNotices
    {
        public List<(string, string)> Studies { get; } = [];

        public bool Notice(string callingAeTitle, string studyInstanceUid)
        {
            Studies.Add((callingAeTitle, studyInstanceUid));
            return true;
        }
    }
}
