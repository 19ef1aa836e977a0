using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Panal.Catalogue;
using Panal.Catalogue.Replication;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Replication;

public sealed class StateCodecTests
{
    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task Everything_that_a_catalogue_holds_comes_back_bit_for_bit()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        for (int i = 0; i < 60; i++)
        {
            (Tag, string)[] more =
            [
                (Tags.InstanceNumber, Samples.Number(i)), (Tags.ImageComments, i % 7 == 0 ? "ñandú " + i : ""), (Tags.Rows, i % 3 == 0 ? "512" : "64"),
                (Tags.SliceLocation, (i * 1.25 - 30).ToString(CultureInfo.InvariantCulture)), (Tags.PatientID, "P" + (i % 4)),
            ];
            await catalogue.Database.AddAsync(Samples.Instance($"1.{i % 5}", $"1.{i % 5}.{i % 2}", $"1.{i % 5}.{i % 2}.{i * 37}", more), None);
        }

        FeedStep step = catalogue.Database.OwnSnapshot(catalogue.Database.OwnHead(FeedFilter.All) with { SnapshotAfter = 0 }, true, 1000, FeedFilter.All);
        CatalogueState decoded = Decode(Encode(step.State));

        Assert.Equal(60, decoded.InstanceCount);
        AssertSame(step.State, decoded);
    }

    [Fact]
    public void What_was_said_on_a_stream_is_not_said_again_until_it_changes_or_goes()
    {
        var (encoder, memory) = (new StateEncoder(), new StateMemory());
        CatalogueState Pass(CatalogueState state)
        {
            (byte[] columns, byte[] hashes) = Encode(state, encoder);
            return StateDecoder.Decode(columns, hashes, memory);
        }

        CatalogueState first = State("1", "Doe^Jane", "1.1.1");
        Assert.NotNull(Pass(first).Studies[0].Patient);
        StudyState again = Pass(State("1", "Doe^Jane", "1.1.2")).Studies[0];
        Assert.True(again is { Patient: null, Attributes: null, Series: [{ Attributes: null }] });
        StudyState corrected = Pass(State("1", "Roe^Jane", "1.1.3")).Studies[0];
        Assert.True(corrected is { Patient: not null, Series: [{ Attributes: null }] });
        Pass(new CatalogueState([], [], ["1.1.1"]));
        Assert.True(Pass(State("1", "Roe^Jane", "1.1.4")).Studies[0] is { Patient: not null, Series: [{ Attributes: not null }] });
    }

    [Fact]
    public void What_is_the_same_from_step_to_step_costs_a_byte_and_comes_back()
    {
        var (encoder, memory) = (new StateEncoder(), new StateMemory());
        int[] lengths = new int[4];
        for (int step = 0; step < 4; step++)
        {
            CatalogueState state = State("1", "Doe^Jane", [.. Enumerable.Range(step * 10, 10).Select(number => $"1.1.{number}")]);
            (byte[] columns, byte[] hashes) = Encode(state, encoder);
            lengths[step] = columns.Length;
            AssertSameInstances(state, StateDecoder.Decode(columns, hashes, memory));
        }

        Assert.True(lengths[1] < lengths[0] / 2, string.Join(' ', lengths));

        // Another class and one attribute more: all is told, and the next is short again.
        InstanceState other = State("1", "Doe^Jane", "1.1.90").Studies[0].Series[0].Instances[0] with { SopClassUid = Uids.MRImageStorage };
        InstanceState more = other with { SopInstanceUid = "1.1.91", Attributes = Samples.Instance("1", "1.1", "1.1.91", (Tags.Rows, "512")).Encoded[QueryLevel.Image] };
        foreach (InstanceState[] instances in (InstanceState[][])[[other], [other, more], [more], [other], [other]])
        {
            var state = new CatalogueState([new StudyState("1", false, null, null, [new SeriesState("1.1", null, instances)])], [], []);
            (byte[] columns, byte[] hashes) = Encode(state, encoder);
            AssertSameInstances(state, StateDecoder.Decode(columns, hashes, memory));
        }
    }

    [Fact]
    public void What_was_not_sent_is_said_again_in_full()
    {
        var (encoder, memory) = (new StateEncoder(), new StateMemory());
        Encode(State("1", "Doe^Jane", "1.1.1"), encoder);
        encoder.Forget();
        CatalogueState state = State("1", "Doe^Jane", "1.1.2");
        (byte[] columns, byte[] hashes) = Encode(state, encoder);
        AssertSameInstances(state, StateDecoder.Decode(columns, hashes, memory));
        (columns, hashes) = Encode(State("1", "Doe^Jane", "1.1.3"), encoder);
        Assert.Throws<StateFormatException>(() => StateDecoder.Decode(columns, hashes, new StateMemory()));
    }

    [Fact]
    public void Bytes_that_are_cut_or_flipped_are_refused_or_read_as_another_state_and_never_fault()
    {
        (byte[] columns, byte[] hashes) = Encode(State("1.2", "Doe^Jane", "1.2.1.1", "1.2.1.2", "1.2.1.30", "other"));
        for (int length = 0; length < columns.Length; length++)
        {
            Assert.Throws<StateFormatException>(() => StateDecoder.Decode(columns.AsMemory(0, length), hashes, new StateMemory()));
        }

        Assert.Throws<StateFormatException>(() => StateDecoder.Decode(columns, hashes.AsMemory(1), new StateMemory()));
        Assert.Throws<StateFormatException>(() => StateDecoder.Decode(columns, new byte[hashes.Length + 32], new StateMemory()));
        int refused = 0, changes = 0;
        for (int position = 0; position < columns.Length; position++)
        {
            foreach (byte pattern in (byte[])[0x01, 0x80, 0xFF, 0x55])
            {
                var flipped = (byte[])columns.Clone();
                flipped[position] ^= pattern;
                changes++;
                refused += IsRefused(flipped, hashes) ? 1 : 0;
            }
        }

        Assert.InRange(refused, 1, changes - 1);
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        var random = new Random(5);
        int rounds = LongRun.IsAsked ? 2_000_000 : 20_000;
        for (int round = 0; round < rounds; round++)
        {
            var bytes = new byte[random.Next(3, 60)];
            random.NextBytes(bytes);
            IsRefused(bytes, new byte[64]);
        }
    }

    [Theory]
    [InlineData(StateDecoder.InstanceLimit + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(long.MaxValue)]
    public void Counts_over_the_limit_are_refused_before_anything_is_made_of_them(long count)
    {
        var columns = new ArrayBufferWriter<byte>();
        var writer = new ColumnWriter(columns);
        writer.Unsigned((ulong)count);
        Assert.Throws<StateFormatException>(() => StateDecoder.Decode(columns.WrittenMemory, default, new StateMemory()));
    }

    [Fact]
    public void A_few_bytes_that_say_the_same_very_often_meet_the_budget()
    {
        // 262,144 instances whose 200 attributes are all the same 60,000 bytes: 3 GB out of 12 MB.
        var columns = new ArrayBufferWriter<byte>();
        var writer = new ColumnWriter(columns);
        writer.Unsigned(0);
        writer.Unsigned(0);
        writer.Unsigned(1);
        writer.Unsigned(0);
        writer.Bytes("1"u8);
        writer.Byte(StateFlags.AsBefore);
        writer.Unsigned(1);
        writer.Unsigned(0);
        writer.Bytes("1.1"u8);
        writer.Byte(StateFlags.AsBefore);
        writer.Unsigned(StateDecoder.InstanceLimit);
        for (int column = 0; column < 3; column++)
        {
            writer.Column([Encoding.UTF8.GetBytes("1.2"), Encoding.UTF8.GetBytes("1.2")]);
        }

        writer.Numbers(new long[StateDecoder.InstanceLimit]);
        writer.Unsigned(200);
        for (int column = 0; column < 200; column++)
        {
            writer.Unsigned(1);
            writer.Raw("LT"u8);
            writer.Byte(0);
            writer.Byte(ColumnForm.Same);
            writer.Bytes(new byte[60_000]);
        }

        var hashes = new byte[StateDecoder.InstanceLimit * 32];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<StateFormatException>(() => StateDecoder.Decode(columns.WrittenMemory, hashes, new StateMemory()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2L * StateDecoder.BudgetBytes);
    }

    [Fact]
    public void Columns_of_every_kind_come_back()
    {
        string[][] samples =
        [
            ["same", "same"], ["1", "2", "3", "10"], ["1.2.9", "1.2.10", "1.2.8"], ["01", "02"], ["a", "", "ab", "abc"], [""], ["1.2.3.999999999999999999", "1.2.3.0"],
            ["1.2.3.9999999999999999999", "1.2.3.1"], ["-1", "-2"], ["0", "00"], ["7", "7", "8"],
        ];
        foreach (string[] sample in samples)
        {
            var bytes = new ArrayBufferWriter<byte>();
            new ColumnWriter(bytes).Column([.. sample.Select(text => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(text))]);
            var reader = new ColumnReader(bytes.WrittenMemory, 10_000);
            Assert.Equal(sample, reader.Column(sample.Length, 100).Select(value => Encoding.UTF8.GetString(value.Span)));
            Assert.True(reader.IsAtEnd);
        }
    }

    [Fact]
    public void A_column_is_written_as_the_page_says()
    {
        // Typed by hand from docs/formats/feed.md: form 2, root "1.2." of 4 bytes, 9 as zigzag 18, +1 as 2, -3 as 5.
        Assert.Equal("02 04 31 2E 32 2E 12 02 05", Column("1.2.9", "1.2.10", "1.2.7"));
        // Form 1: shared 0 and 2, rests 3 and 1 long, rests "abc" and "x".
        Assert.Equal("01 00 02 03 01 61 62 63 78", Column("abc", "abx"));
        // Form 0: once.
        Assert.Equal("00 02 43 54", Column("CT", "CT"));
    }

    private static string Column(params string[] values)
    {
        var bytes = new ArrayBufferWriter<byte>();
        new ColumnWriter(bytes).Column([.. values.Select(text => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(text))]);
        return string.Join(' ', bytes.WrittenSpan.ToArray().Select(value => value.ToString("X2", CultureInfo.InvariantCulture)));
    }

    private static bool IsRefused(byte[] columns, byte[] hashes)
    {
        try
        {
            StateDecoder.Decode(columns, hashes, new StateMemory());
            return false;
        }
        catch (StateFormatException)
        {
            return true;
        }
    }

    private static void AssertSameInstances(CatalogueState expected, CatalogueState actual) => Assert.Equal(
        expected.Studies.SelectMany(study => study.Series).SelectMany(series => series.Instances).Select(Text),
        actual.Studies.SelectMany(study => study.Series).SelectMany(series => series.Instances).Select(Text));

    internal static CatalogueState State(string study, string name, params string[] uids)
    {
        InstanceState[] instances =
        [
            .. uids.Select((uid, index) =>
            {
                var encoded = Samples.Instance(study, study + ".1", uid, (Tags.PatientName, name), (Tags.InstanceNumber, Samples.Number(index))).Encoded;
                return new InstanceState(uid, Uids.CTImageStorage, Uids.ExplicitVRLittleEndian, 1000 + index, SHA256.HashData(Encoding.UTF8.GetBytes(uid)), encoded[QueryLevel.Image]);
            }),
        ];
        var parents = Samples.Instance(study, study + ".1", uids[0], (Tags.PatientName, name)).Encoded;
        return new CatalogueState(
            [new StudyState(study, false, parents[QueryLevel.Patient], parents[QueryLevel.Study], [new SeriesState(study + ".1", parents[QueryLevel.Series], instances)])], [], []);
    }

    private static (byte[] Columns, byte[] Hashes) Encode(CatalogueState state, StateEncoder? encoder = null)
    {
        var columns = new ArrayBufferWriter<byte>();
        var hashes = new ArrayBufferWriter<byte>();
        (encoder ?? new StateEncoder()).Encode(state, columns, hashes);
        return (columns.WrittenSpan.ToArray(), hashes.WrittenSpan.ToArray());
    }

    private static CatalogueState Decode((byte[] Columns, byte[] Hashes) bytes) => StateDecoder.Decode(bytes.Columns, bytes.Hashes, new StateMemory());

    private static void AssertSame(CatalogueState expected, CatalogueState actual)
    {
        Assert.Equal(expected.GoneInstances, actual.GoneInstances);
        Assert.Equal(expected.GoneStudies, actual.GoneStudies);
        Assert.Equal(expected.Studies.Count, actual.Studies.Count);
        foreach ((StudyState one, StudyState other) in expected.Studies.Zip(actual.Studies))
        {
            Assert.Equal((one.StudyInstanceUid, one.IsWhole), (other.StudyInstanceUid, other.IsWhole));
            Assert.Equal(one.Patient!.Value.ToArray(), other.Patient!.Value.ToArray());
            Assert.Equal(one.Attributes!.Value.ToArray(), other.Attributes!.Value.ToArray());
            foreach ((SeriesState series, SeriesState otherSeries) in one.Series.Zip(other.Series))
            {
                Assert.Equal(series.SeriesInstanceUid, otherSeries.SeriesInstanceUid);
                Assert.Equal(series.Attributes!.Value.ToArray(), otherSeries.Attributes!.Value.ToArray());
                Assert.Equal(series.Instances.Select(Text), otherSeries.Instances.Select(Text));
            }
        }
    }

    private static string Text(InstanceState instance) =>
        $"{instance.SopInstanceUid} {instance.SopClassUid} {instance.TransferSyntaxUid} {instance.LengthBytes} {Convert.ToHexString(instance.Hash.Span)} {Convert.ToHexString(instance.Attributes.Span)}";
}
