"""Compares DICOM JSON metadata with the files it is of: python3 metadata.py METADATA.json FILE…; prints {"compared": n, "different": [...]}.

Every element of a file but bulk data and pixel data must be in the JSON with the value that pydicom reads; what is referred to must be bytes.
"""
import json
import struct
import sys

import pydicom
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName

BYTES = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}


def single(values):
    """FL in JSON has the digits that single precision needs, not those of its double: what both round to must be the same."""
    return [struct.pack("<f", one) if one is not None else None for one in values]


def plain(element):
    value = element.value
    if value is None or value == "" or (isinstance(value, (MultiValue, list, bytes)) and len(value) == 0):
        return []
    values = list(value) if isinstance(value, (MultiValue, list)) else [value]
    if element.VR == "PN":
        return [str(PersonName(one)).rstrip("=") or None for one in values]
    if element.VR == "AT":
        return [f"{int(one):08X}" for one in values]
    if element.VR in ("DS", "IS", "FL", "FD", "SL", "SS", "UL", "US", "SV", "UV"):
        return [float(one) if one != "" else None for one in values]
    return [str(one).strip(" \0") or None for one in values]


def told(entry):
    values = entry.get("Value", [])
    if entry["vr"] == "PN":
        return ["=".join([(one or {}).get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic")]).rstrip("=") or None for one in values]
    if entry["vr"] in ("DS", "IS", "FL", "FD", "SL", "SS", "UL", "US", "SV", "UV"):
        return [float(one) if one is not None else None for one in values]
    return [str(one).strip(" \0") or None if one is not None else None for one in values]


def compare(dataset, metadata, path, different):
    count = 0
    for element in dataset:
        tag = f"{element.tag:08X}"
        if tag == "00080005" or tag[4:] == "0000":
            continue
        entry = metadata.get(tag)
        if entry is None:
            different.append(f"{path}{tag} is missing")
        elif "BulkDataURI" in entry:
            if element.VR == "SQ":
                different.append(f"{path}{tag} is a reference")
        elif element.VR == "SQ":
            items = entry.get("Value", [])
            if len(items) != len(element.value):
                different.append(f"{path}{tag} has {len(items)} items")
            else:
                count += sum(compare(item, other, f"{path}{tag}/{index}/", different) for index, (item, other) in enumerate(zip(element.value, items)))
        elif element.VR in BYTES or entry["vr"] in BYTES:
            pass
        elif element.VR == "FL" and single(plain(element)) == single(told(entry)):
            pass
        elif plain(element) != told(entry):
            different.append(f"{path}{tag} {element.VR}")
        count += 1
    return count


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        metadata = {one["00080018"]["Value"][0]: one for one in json.load(file)}
    different, count = [], 0
    for name in sys.argv[2:]:
        dataset = pydicom.dcmread(name, stop_before_pixels=True)
        dataset.decode()
        uid = str(dataset.SOPInstanceUID)
        if uid not in metadata:
            different.append(f"{uid} is missing")
            continue
        count += compare(dataset, metadata[uid], "", different)
    print(json.dumps({"compared": count, "different": different}))


main()
