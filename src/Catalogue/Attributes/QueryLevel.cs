namespace Panal.Catalogue;

/// <summary>Levels of the Query/Retrieve information models (PS3.4 §C.6). Stored in notes: numbers never change.</summary>
public enum QueryLevel : byte
{
    Patient = 0,
    Study = 1,
    Series = 2,
    Image = 3,
}
