using System.Globalization;
using System.Text;

namespace Panal.Security.Audit;

/// <summary>Where messages come from: AuditSourceIdentification.</summary>
/// <param name="SourceId">Name of this node, unique in the organisation.</param>
/// <param name="SiteId">The institution; may be empty.</param>
public sealed record AuditSource(string SourceId, string SiteId);

/// <summary>Writes a message as the XML of PS3.15 §A.5.1, on one line and with the elements in the order of the schema.</summary>
internal static class AuditXml
{
    public static string Write(AuditMessage message, AuditSource source, DateTimeOffset time)
    {
        var xml = new XmlLine();
        xml.Start("AuditMessage");
        WriteEvent(xml, message, time);
        foreach (var participant in message.Participants)
        {
            WriteParticipant(xml, participant);
        }

        xml.Start("AuditSourceIdentification");
        Attribute(xml, "AuditEnterpriseSiteID", source.SiteId);
        xml.Attribute("AuditSourceID", source.SourceId);
        xml.Start("AuditSourceTypeCode");
        // 4: application server process tier, PS3.15 §A.5.1.
        xml.Attribute("csd-code", "4");
        xml.End();
        xml.End();
        foreach (var item in message.Objects)
        {
            WriteObject(xml, item);
        }

        xml.End();
        return xml.ToString();
    }

    private static void WriteEvent(XmlLine xml, AuditMessage message, DateTimeOffset time)
    {
        xml.Start("EventIdentification");
        xml.Attribute("EventActionCode", message.Action switch
        {
            AuditAction.Create => "C",
            AuditAction.Read => "R",
            AuditAction.Update => "U",
            AuditAction.Delete => "D",
            _ => "E",
        });
        xml.Attribute("EventDateTime", time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture));
        xml.Attribute("EventOutcomeIndicator", ((int)message.Outcome).ToString(CultureInfo.InvariantCulture));
        WriteCode(xml, "EventID", message.EventId);
        if (message.EventType is not null)
        {
            WriteCode(xml, "EventTypeCode", message.EventType);
        }

        xml.End();
    }

    private static void WriteParticipant(XmlLine xml, AuditParticipant participant)
    {
        xml.Start("ActiveParticipant");
        xml.Attribute("UserID", participant.UserId);
        if (participant.AeTitles.Count > 0)
        {
            Attribute(xml, "AlternativeUserID", "AETITLES=" + string.Join(';', participant.AeTitles));
        }

        xml.Attribute("UserIsRequestor", participant.IsRequestor ? "true" : "false");
        if (participant.NetworkAccessPoint.Length > 0)
        {
            Attribute(xml, "NetworkAccessPointID", participant.NetworkAccessPoint);
            // 1: host name, 2: IP address, PS3.15 §A.5.2.
            xml.Attribute("NetworkAccessPointTypeCode", System.Net.IPAddress.TryParse(participant.NetworkAccessPoint, out _) ? "2" : "1");
        }

        if (participant.Role is not null)
        {
            WriteCode(xml, "RoleIDCode", participant.Role);
        }

        xml.End();
    }

    private static void WriteObject(XmlLine xml, AuditObject item)
    {
        xml.Start("ParticipantObjectIdentification");
        xml.Attribute("ParticipantObjectID", item.Id);
        xml.Attribute("ParticipantObjectTypeCode", item.TypeCode.ToString(CultureInfo.InvariantCulture));
        if (item.RoleCode > 0)
        {
            xml.Attribute("ParticipantObjectTypeCodeRole", item.RoleCode.ToString(CultureInfo.InvariantCulture));
        }

        WriteCode(xml, "ParticipantObjectIDTypeCode", item.IdType);
        if (item.Query is { } query)
        {
            xml.Element("ParticipantObjectQuery", Convert.ToBase64String(query.Span));
        }
        else
        {
            xml.Element("ParticipantObjectName", item.Name);
        }

        foreach (var (type, value) in item.Details)
        {
            xml.Start("ParticipantObjectDetail");
            Attribute(xml, "type", type);
            xml.Attribute("value", Convert.ToBase64String(Encoding.UTF8.GetBytes(value)));
            xml.End();
        }

        WriteDescription(xml, item);
        xml.End();
    }

    private static void WriteDescription(XmlLine xml, AuditObject item)
    {
        if (item.AccessionNumbers.Count == 0 && item.SopClasses.Count == 0)
        {
            return;
        }

        xml.Start("ParticipantObjectDescription");
        foreach (var number in item.AccessionNumbers)
        {
            xml.Start("Accession");
            Attribute(xml, "Number", number);
            xml.End();
        }

        foreach (var (uid, instances) in item.SopClasses)
        {
            xml.Start("SOPClass");
            Attribute(xml, "UID", uid);
            xml.Attribute("NumberOfInstances", instances.ToString(CultureInfo.InvariantCulture));
            xml.End();
        }

        xml.End();
    }

    private static void WriteCode(XmlLine xml, string element, AuditCode code)
    {
        xml.Start(element);
        xml.Attribute("csd-code", code.Code);
        xml.Attribute("codeSystemName", code.System);
        xml.Attribute("originalText", code.Text);
        xml.End();
    }

    private static void Attribute(XmlLine xml, string name, string value)
    {
        if (value.Length > 0)
        {
            xml.Attribute(name, value);
        }
    }
}
