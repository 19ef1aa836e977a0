"""Prints what pydicom reads of many files: one line an element, values as the SHA-256 of their bytes (8 digits) in little endian."""
import hashlib
import sys
import warnings

import pydicom
from pydicom.dataelem import RawDataElement

warnings.simplefilter("ignore")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

UNITS = {"US": 2, "SS": 2, "OW": 2, "AT": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "OL": 4,
         "FD": 8, "OD": 8, "OV": 8, "SV": 8, "UV": 8}


def swapped(value, unit):
    whole = len(value) - len(value) % unit
    turned = bytearray(value)
    for place in range(unit):
        turned[place:whole:unit] = value[unit - 1 - place:whole:unit]
    return bytes(turned)


def show(data_set, depth, out):
    for tag in sorted(data_set.keys()):
        raw = data_set.get_item(tag)
        is_raw = isinstance(raw, RawDataElement)
        vr = raw.VR or "??"
        element = None
        if vr in ("SQ", "??", "UN") or not is_raw:
            element = data_set[tag]
        if element is not None and element.VR == "SQ":
            out.append(f"{depth} {tag:08x} SQ {len(element.value)}")
            for item in element.value:
                show(item, depth + 1, out)
        elif not is_raw:
            out.append(f"{depth} {tag:08x} ?? ?")
        else:
            value = raw.value or b""
            if not raw.is_little_endian and vr in UNITS and UNITS[vr] > 1:
                value = swapped(value, UNITS[vr])
            out.append(f"{depth} {tag:08x} {vr} {len(value)} {hashlib.sha256(value).hexdigest()[:8]}")


for line in sys.stdin:
    path = line.rstrip("\n")
    out = []
    try:
        show(pydicom.dcmread(path, force=True), 0, out)
    except Exception as error:
        out = [f"! {type(error).__name__}"]
    sys.stdout.write("F : " + path + "\n" + "\n".join(out) + "\n")
