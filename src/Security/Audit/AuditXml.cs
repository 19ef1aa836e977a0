using System.Globalization;
using System.Text;
using System.Xml;

namespace Panal.Security.Audit;

/// <summary>Where messages come from: AuditSourceIdentification.</summary>
/// <param name="SourceId">Name of this node, unique in the organisation.</param>
/// <param name="SiteId">The institution; may be empty.</param>
public sealed record AuditSource(string SourceId, string SiteId);

/// <summary>Writes a message as the XML of PS3.15 §A.5.1, on one line and with the elements in the order of the schema.</summary>
internal static class AuditXml
{
    // One line a message: the writer escapes line breaks in values.
    private static readonly XmlWriterSettings Format = new()
    {
        OmitXmlDeclaration = true,
        Indent = false,
        NewLineHandling = NewLineHandling.Entitize,
        CheckCharacters = true,
        ConformanceLevel = ConformanceLevel.Document,
    };

    public static string Write(AuditMessage message, AuditSource source, DateTimeOffset time)
    {
        var text = new StringBuilder(1024);
        using (var xml = XmlWriter.Create(text, Format))
        {
            xml.WriteStartElement("AuditMessage");
            WriteEvent(xml, message, time);
            foreach (var participant in message.Participants)
            {
                WriteParticipant(xml, participant);
            }

            xml.WriteStartElement("AuditSourceIdentification");
            Attribute(xml, "AuditEnterpriseSiteID", source.SiteId);
            Attribute(xml, "AuditSourceID", source.SourceId, isRequired: true);
            xml.WriteStartElement("AuditSourceTypeCode");
            // 4: application server process tier, PS3.15 §A.5.1.
            xml.WriteAttributeString("csd-code", "4");
            xml.WriteEndElement();
            xml.WriteEndElement();
            foreach (var item in message.Objects)
            {
                WriteObject(xml, item);
            }

            xml.WriteEndElement();
        }

        // The writer entitizes line breaks in attributes only.
        return text.Replace("\r", "&#xD;").Replace("\n", "&#xA;").ToString();
    }

    private static void WriteEvent(XmlWriter xml, AuditMessage message, DateTimeOffset time)
    {
        xml.WriteStartElement("EventIdentification");
        xml.WriteAttributeString("EventActionCode", message.Action switch
        {
            AuditAction.Create => "C",
            AuditAction.Read => "R",
            AuditAction.Update => "U",
            AuditAction.Delete => "D",
            _ => "E",
        });
        xml.WriteAttributeString("EventDateTime", time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture));
        xml.WriteAttributeString("EventOutcomeIndicator", ((int)message.Outcome).ToString(CultureInfo.InvariantCulture));
        WriteCode(xml, "EventID", message.EventId);
        if (message.EventType is not null)
        {
            WriteCode(xml, "EventTypeCode", message.EventType);
        }

        xml.WriteEndElement();
    }

    private static void WriteParticipant(XmlWriter xml, AuditParticipant participant)
    {
        xml.WriteStartElement("ActiveParticipant");
        Attribute(xml, "UserID", participant.UserId, isRequired: true);
        if (participant.AeTitles.Count > 0)
        {
            Attribute(xml, "AlternativeUserID", "AETITLES=" + string.Join(';', participant.AeTitles));
        }

        xml.WriteAttributeString("UserIsRequestor", participant.IsRequestor ? "true" : "false");
        if (participant.NetworkAccessPoint.Length > 0)
        {
            Attribute(xml, "NetworkAccessPointID", participant.NetworkAccessPoint);
            // 1: host name, 2: IP address, PS3.15 §A.5.2.
            xml.WriteAttributeString("NetworkAccessPointTypeCode", System.Net.IPAddress.TryParse(participant.NetworkAccessPoint, out _) ? "2" : "1");
        }

        if (participant.Role is not null)
        {
            WriteCode(xml, "RoleIDCode", participant.Role);
        }

        xml.WriteEndElement();
    }

    private static void WriteObject(XmlWriter xml, AuditObject item)
    {
        xml.WriteStartElement("ParticipantObjectIdentification");
        Attribute(xml, "ParticipantObjectID", item.Id, isRequired: true);
        xml.WriteAttributeString("ParticipantObjectTypeCode", item.TypeCode.ToString(CultureInfo.InvariantCulture));
        if (item.RoleCode > 0)
        {
            xml.WriteAttributeString("ParticipantObjectTypeCodeRole", item.RoleCode.ToString(CultureInfo.InvariantCulture));
        }

        WriteCode(xml, "ParticipantObjectIDTypeCode", item.IdType);
        if (item.Query is { } query)
        {
            xml.WriteElementString("ParticipantObjectQuery", Convert.ToBase64String(query.Span));
        }
        else
        {
            xml.WriteElementString("ParticipantObjectName", Clean(item.Name));
        }

        foreach (var (type, value) in item.Details)
        {
            xml.WriteStartElement("ParticipantObjectDetail");
            Attribute(xml, "type", type);
            xml.WriteAttributeString("value", Convert.ToBase64String(Encoding.UTF8.GetBytes(value)));
            xml.WriteEndElement();
        }

        WriteDescription(xml, item);
        xml.WriteEndElement();
    }

    private static void WriteDescription(XmlWriter xml, AuditObject item)
    {
        if (item.AccessionNumbers.Count == 0 && item.SopClasses.Count == 0)
        {
            return;
        }

        xml.WriteStartElement("ParticipantObjectDescription");
        foreach (var number in item.AccessionNumbers)
        {
            xml.WriteStartElement("Accession");
            Attribute(xml, "Number", number);
            xml.WriteEndElement();
        }

        foreach (var (uid, instances) in item.SopClasses)
        {
            xml.WriteStartElement("SOPClass");
            Attribute(xml, "UID", uid);
            xml.WriteAttributeString("NumberOfInstances", instances.ToString(CultureInfo.InvariantCulture));
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void WriteCode(XmlWriter xml, string element, AuditCode code)
    {
        xml.WriteStartElement(element);
        xml.WriteAttributeString("csd-code", code.Code);
        xml.WriteAttributeString("codeSystemName", code.System);
        xml.WriteAttributeString("originalText", code.Text);
        xml.WriteEndElement();
    }

    private static void Attribute(XmlWriter xml, string name, string value, bool isRequired = false)
    {
        if (value.Length > 0 || isRequired)
        {
            xml.WriteAttributeString(name, Clean(value));
        }
    }

    /// <summary>Values come from strangers; what XML cannot hold is shown as U+FFFD.</summary>
    private static string Clean(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            var isPair = i + 1 < value.Length && XmlConvert.IsXmlSurrogatePair(value[i + 1], value[i]);
            if (!isPair && !XmlConvert.IsXmlChar(value[i]))
            {
                return CleanFrom(value);
            }

            i += isPair ? 1 : 0;
        }

        return value;
    }

    private static string CleanFrom(string value)
    {
        var clean = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            if (i + 1 < value.Length && XmlConvert.IsXmlSurrogatePair(value[i + 1], value[i]))
            {
                clean.Append(value[i]).Append(value[++i]);
            }
            else
            {
                clean.Append(XmlConvert.IsXmlChar(value[i]) ? value[i] : '\uFFFD');
            }
        }

        return clean.ToString();
    }
}
