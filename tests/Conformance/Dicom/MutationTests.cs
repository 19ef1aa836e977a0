using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Panal.Conformance.Witnesses;
using Panal.Dicom;

namespace Panal.Conformance.Dicom;

/// <summary>Tests that count allocations of the whole process run alone.</summary>
[CollectionDefinition(nameof(MutationTests), DisableParallelization = true)]
public sealed class MutationsRunAlone;

/// <summary>
/// Files of the corpus, damaged at random: whatever the bytes, the reader answers with a data set or a <see cref="DicomFormatException"/>,
/// soon and in bounded memory. The seed is printed; PANAL_SEED repeats a run, PANAL_LONG=1 makes it long.
/// </summary>
[Collection(nameof(MutationTests))]
public sealed class MutationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // A data set in memory costs a few times its bytes: objects for items, growth of buffers.
    private const long BytesPerByte = 64;
    private const long BytesAnyway = 32 << 20;

    [Fact]
    public async Task Damaged_files_are_read_or_refused()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("PANAL_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given
            : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"PANAL_SEED={seed}");
        var random = new Random(seed);
        var files = Corpus.Names.Where(IsSmall).ToList();
        var (read, refused) = (0, 0);
        for (var round = 0; round < (LongRun.IsAsked ? 200 : 3); round++)
        {
            foreach (var name in files)
            {
                var bytes = Mutate(Corpus.Read(name), random);
                var watch = Stopwatch.StartNew();
                var before = GC.GetTotalAllocatedBytes();
                try
                {
                    await ReadEveryWayAsync(bytes, random);
                    read++;
                }
                catch (DicomFormatException)
                {
                    refused++;
                }
                catch (Exception exception)
                {
                    Assert.Fail($"PANAL_SEED={seed}, round {round}, {name}: {exception}");
                }

                var allocated = GC.GetTotalAllocatedBytes() - before;
                Assert.True(watch.Elapsed < Patience, $"PANAL_SEED={seed}, round {round}, {name}: {watch.Elapsed}");
                Assert.True(allocated < BytesAnyway + (BytesPerByte * bytes.Length), $"PANAL_SEED={seed}, round {round}, {name}: {allocated} bytes");
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{read} damaged files were read, {refused} refused");
    }

    private static bool IsSmall(string name) => new FileInfo(Corpus.PathOf(name)).Length is > 0 and < (64 << 10);

    private static async Task ReadEveryWayAsync(byte[] bytes, Random random)
    {
        var (meta, dataSet) = CorpusDataSet.Open(bytes);
        var wanted = new ElementSelection(
            Tags.PatientID, Tags.PatientName, Tags.ReferencedSeriesSequence, Tags.ContentSequence, Tags.DirectoryRecordSequence, Tags.LUTData);
        using (var scanner = new ElementScanner(wanted, ScanOptions.Default))
        {
            scanner.Start(meta.TransferSyntax);
            Exception? refusal = null;
            try
            {
                for (var start = 0; start < dataSet.Length;)
                {
                    var length = Math.Min(random.Next(1, 4096), dataSet.Length - start);
                    scanner.Append(dataSet.Slice(start, length));
                    start += length;
                }

                scanner.Complete();
            }
            catch (DicomFormatException exception)
            {
                // The other ways must bear the same bytes.
                refusal = exception;
            }

            GC.KeepAlive(refusal);
        }

        var decoded = DataSetEncoding.Decode(dataSet, meta.TransferSyntax, DecodeLimits.Default);
        var written = new ArrayBufferWriter<byte>(dataSet.Length + 1024);
        DataSetEncoding.Encode(decoded, meta.TransferSyntax, written);
        ReadValues(decoded);
        foreach (var target in new[] { TransferSyntax.ExplicitVrBigEndian, TransferSyntax.ImplicitVrLittleEndian })
        {
            if (TransferSyntaxConverter.CanConvert(meta.TransferSyntax, target))
            {
                await TransferSyntaxConverter.ConvertAsync(
                    new MemoryStream(dataSet.ToArray()), meta.TransferSyntax, Stream.Null, target, DecodeLimits.Default,
                    TestContext.Current.CancellationToken);
            }
        }
    }

    private static void ReadValues(DataSet dataSet)
    {
        foreach (var element in dataSet)
        {
            if (element.Value.Length < 4096)
            {
                dataSet.GetString(element.Tag);
                dataSet.GetStrings(element.Tag);
                dataSet.GetInt64(element.Tag);
                dataSet.GetDouble(element.Tag);
                dataSet.GetTags(element.Tag);
                dataSet.GetSequence(element.Tag);
            }

            foreach (var item in element.Items)
            {
                ReadValues(item);
            }
        }
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        for (var count = random.Next(1, 9); count > 0; count--)
        {
            var place = random.Next(bytes.Length);
            switch (random.Next(7))
            {
                case 0:
                    bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[place] = (byte)random.Next(256);
                    break;
                case 2 when place + 4 <= bytes.Length:
                    ReadOnlySpan<uint> lengths = [0, 1, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x80000000, 0xFFFF, (uint)bytes.Length];
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(place), lengths[random.Next(lengths.Length)]);
                    break;
                case 3 when place > 0:
                    bytes = bytes[..place];
                    break;
                case 4:
                    ReadOnlySpan<string> parts =
                        ["FEFF00E0FFFFFFFF", "FEFF0DE000000000", "FEFFDDE000000000", "5351", "554E0000FFFFFFFF", "E07F1000", "00080018", "28000301"];
                    bytes = [.. bytes[..place], .. Convert.FromHexString(parts[random.Next(parts.Length)]), .. bytes[place..]];
                    break;
                case 5:
                    bytes = [.. bytes[..place], .. bytes[Math.Min(bytes.Length, place + random.Next(64))..]];
                    break;
                case 6:
                    var end = Math.Min(bytes.Length, place + random.Next(256));
                    bytes = [.. bytes[..end], .. bytes[place..]];
                    break;
            }

            bytes = bytes.Length == 0 ? [0] : bytes;
        }

        return bytes;
    }
}
