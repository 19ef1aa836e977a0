using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace Panal.Node.Options;

/// <summary>One setting as its options record declares it.</summary>
internal sealed record Setting(string Name, string DefaultText, string Range, string Description, bool IsSecret);

/// <summary>A section of the configuration: its name, its record, its validator.</summary>
internal sealed record SettingsSection(string Name, Type Record, Func<IConfigurationSection, IEnumerable<string>> Validate);

/// <summary>Marks a setting whose value is never shown.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute;

/// <summary>All settings there are, read from the options records, for validation, `panal check` and docs/configuration.md.</summary>
internal static class SettingsCatalogue
{
    public static IReadOnlyList<SettingsSection> Sections { get; } =
    [
        Section<DeviceOptions>(DeviceOptions.Section, new DeviceOptionsValidator()),
        Section<NetworkAEOptions>(NetworkAEOptions.Section, new NetworkAEOptionsValidator()),
        Section<NetworkConnectionOptions>(NetworkConnectionOptions.Section, new NetworkConnectionOptionsValidator()),
        Section<ArchiveSettings>(ArchiveSettings.Section, new ArchiveSettingsValidator()),
        Section<RecyclingSettings>(RecyclingSettings.Section, new RecyclingSettingsValidator()),
        Section<CompactionSettings>(CompactionSettings.Section, new CompactionSettingsValidator()),
        Section<MetadataSettings>(MetadataSettings.Section, new MetadataSettingsValidator()),
        Section<PlacementSettings>(PlacementSettings.Section, new PlacementSettingsValidator()),
        Section<DicomWebSettings>(DicomWebSettings.Section, new DicomWebSettingsValidator()),
        Section<OpenIdConnectSettings>(OpenIdConnectSettings.Section, new OpenIdConnectSettingsValidator()),
        Section<RelaySettings>(RelaySettings.Section, new RelaySettingsValidator()),
        Section<TransferSettings>(TransferSettings.Section, new TransferSettingsValidator()),
    ];

    public static IEnumerable<Setting> Settings => Sections.SelectMany(SettingsOf);

    /// <summary>The settings of one section in the order of its record.</summary>
    public static IEnumerable<Setting> SettingsOf(SettingsSection section)
    {
        var defaults = Activator.CreateInstance(section.Record);
        foreach (var property in section.Record.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetCustomAttribute<DescriptionAttribute>() is { } description)
            {
                yield return new Setting(
                    ConfigurationPath.Combine(section.Name, property.Name),
                    Convert.ToString(property.GetValue(defaults), CultureInfo.InvariantCulture) ?? "",
                    RangeOf(property),
                    description.Description,
                    property.IsDefined(typeof(SecretAttribute)));
            }
        }
    }

    private static SettingsSection Section<T>(string name, IValidateOptions<T> validator)
        where T : class, new() => new(
            name,
            typeof(T),
            values => validator.Validate(Microsoft.Extensions.Options.Options.DefaultName, values.Get<T>() ?? new T()).Failures ?? []);

    private static string RangeOf(PropertyInfo property)
    {
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{range.Minimum} to {range.Maximum}");
        }

        if (property.PropertyType == typeof(bool))
        {
            return "true, false";
        }

        return property.PropertyType.IsEnum ? string.Join(", ", Enum.GetNames(property.PropertyType)) : "";
    }
}
