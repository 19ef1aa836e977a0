"""Prints what pydicom makes of files: with `text` each text value with its bytes and terms, with `json` each data set in the DICOM JSON Model.

Reads paths from standard input; one JSON document a line."""
import base64
import hashlib
import json
import sys
import warnings

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

warnings.simplefilter("ignore")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.replace_un_with_known_vr = False
TEXT = {"LO", "LT", "PN", "SH", "ST", "UC", "UT"}
LONGEST_INLINE = 1000


def texts(data_set, terms, out):
    own = data_set.get_item((0x0008, 0x0005)) if (0x0008, 0x0005) in data_set else None
    if own is not None:
        value = own.value.decode("latin-1") if isinstance(own.value, bytes) else own.value
        terms = value.rstrip(" \0").split("\\") if isinstance(value, str) else list(value or [])
    for tag in sorted(data_set.keys()):
        raw = data_set.get_item(tag)
        data = raw.value if isinstance(raw, RawDataElement) else None
        element = data_set[tag]
        if element.VR == "SQ":
            for item in element.value:
                texts(item, terms, out)
        elif element.VR in TEXT and isinstance(data, bytes) and len(data) < 100000:
            value = element.value
            values = list(value) if isinstance(value, MultiValue) else [value]
            out.append([f"{tag:08X}", element.VR, terms, data.hex(), "\\".join("" if part is None else str(part) for part in values)])


def shortened(node):
    if isinstance(node, dict):
        inline = node.get("InlineBinary")
        if isinstance(inline, str) and len(inline) > LONGEST_INLINE:
            value = base64.b64decode(inline)
            node["InlineBinary"] = "SHA-256 " + hashlib.sha256(value + b"\0" * (len(value) % 2)).hexdigest()
        for value in node.values():
            shortened(value)
    elif isinstance(node, list):
        for value in node:
            shortened(value)
    return node


for line in sys.stdin:
    path = line.rstrip("\n")
    try:
        if sys.argv[1] == "text":
            result = []
            texts(pydicom.dcmread(path, force=True, stop_before_pixels=True), [], result)
        else:
            result = shortened(pydicom.dcmread(path, force=True).to_json_dict())
        document = json.dumps(result)
    except Exception as error:
        document = json.dumps({"error": type(error).__name__ + " " + str(error)[:200]})
    sys.stdout.write(document + "\n")
