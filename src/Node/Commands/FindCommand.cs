using System.CommandLine;
using System.Text;
using Panal.Dicom;
using Panal.Dicom.Json;
using Panal.Node.Hosting;
using Panal.ServiceClasses.QueryRetrieve;

namespace Panal.Node.Commands;

/// <summary>`panal find`: asks another archive what it holds.</summary>
internal static class FindCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print each match as one line of DICOM JSON (PS3.18 Annex F)." };
        var limit = new Option<int>("--limit") { Description = "Stop after so many matches; 0 is no limit.", HelpName = "COUNT" };
        var command = new Command("find", "Ask another archive what it holds (C-FIND).");
        var arguments = new ClientArguments(command);
        var keys = new IdentifierArguments(command);
        command.Add(json);
        command.Add(limit);
        command.SetAction((parsed, cancellationToken) => ClientArguments.RunAsync(async () =>
        {
            var identifier = keys.Identifier(parsed, ReturnedAt);
            var matches = new List<DataSet>();
            var output = parsed.InvocationConfiguration.Output;
            await foreach (var match in new QueryScu(ClientArguments.Dialer())
                .FindAsync(arguments.Peer(parsed), arguments.CallingAeTitle(parsed), keys.Model(parsed), identifier, cancellationToken).ConfigureAwait(false))
            {
                if (parsed.GetValue(json))
                {
                    await output.WriteLineAsync(Encoding.UTF8.GetString(DicomJson.ToUtf8(match))).ConfigureAwait(false);
                }

                matches.Add(match);
                if (matches.Count == parsed.GetValue(limit))
                {
                    break;
                }
            }

            if (!parsed.GetValue(json))
            {
                Write(output, identifier, matches);
            }

            return true;
        }));
        return command;
    }

    private static IEnumerable<Tag> ReturnedAt(string level) => level switch
    {
        "patient" => [Tags.PatientName, Tags.PatientID, Tags.PatientBirthDate, Tags.PatientSex],
        "study" => [Tags.StudyDate, Tags.StudyTime, Tags.AccessionNumber, Tags.ModalitiesInStudy, Tags.StudyDescription, Tags.PatientName, Tags.PatientID, Tags.StudyInstanceUID],
        "series" => [Tags.Modality, Tags.SeriesDescription, Tags.SeriesNumber, Tags.StudyInstanceUID, Tags.SeriesInstanceUID],
        _ => [Tags.SOPClassUID, Tags.InstanceNumber, Tags.StudyInstanceUID, Tags.SeriesInstanceUID, Tags.SOPInstanceUID],
    };

    private static void Write(TextWriter output, DataSet identifier, List<DataSet> matches)
    {
        Tag[] columns = [.. identifier.Where(key => key.Tag != Tags.QueryRetrieveLevel && key.Tag != Tags.SpecificCharacterSet).Select(key => key.Tag)];
        TextTable.Write(
            output,
            [.. columns.Select(tag => DataDictionary.KeywordOf(tag) is { Length: > 0 } keyword ? keyword : tag.ToString())],
            matches.Select(match => columns.Select(tag => Shown(match, tag)).ToArray()));
    }

    // What a peer sends must not move the cursor of the terminal.
    private static string Shown(DataSet match, Tag tag)
    {
        var text = match.TryGet(tag, out var element) && element.IsSequence ? $"{element.Items.Count} items" : string.Join('\\', match.GetStrings(tag));
        return string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
