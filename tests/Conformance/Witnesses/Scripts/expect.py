"""Works out, from the files alone, which entities a C-FIND must return, and reads what came back.

expect.py LEVEL RESPONSES KEYS FILE...
  LEVEL      PATIENT, STUDY, SERIES or IMAGE
  RESPONSES  folder with the identifiers that findscu -X extracted
  KEYS       JSON object: keyword (or "Sequence.Keyword") to matching value, as sent
Prints {"expected": [unique keys], "actual": [unique keys], "responses": [{keyword: text}]}.
Matching as in PS3.4 C.2.2.2, written independently of Panal.
"""
import json
import os
import re
import sys
import unicodedata
import warnings

import pydicom
from pydicom.datadict import dictionary_VR

warnings.simplefilter("ignore")
UNIQUE = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
WILDCARDS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}


def fold(text):
    plain = unicodedata.normalize("NFD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).upper()


def values(data_set, keyword):
    element = data_set.get(keyword)
    if element is None or element == "":
        return []
    if isinstance(element, (str, bytes)) or not hasattr(element, "__iter__") or type(element).__name__ == "PersonName":
        element = [element]
    return [str(value).strip() for value in element if str(value).strip() != ""]


def in_range(value, key, is_time):
    low, high = key.split("-")

    def pad(text, digit):
        return (text.replace(":", "").replace(".", "") + digit * 12)[:12] if is_time else text

    return (not low or pad(value, "0") >= pad(low, "0")) and (not high or pad(value, "0") <= pad(high, "9"))


def person_name_matches(value, key):
    groups = [fold(group).rstrip("^ ") for group in value.split("=")] + [fold(value).rstrip("^ ")]
    pattern = as_pattern(fold(key).rstrip("^ ").rstrip("="))
    return any(re.fullmatch(pattern, group, re.S) for group in groups)


def as_pattern(key):
    return "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in key)


def matches_one(value, key, vr):
    if vr == "UI":
        return value in key.split("\\")
    if vr in ("DA", "TM") and "-" in key:
        return in_range(value, key, vr == "TM")
    if vr == "PN":
        return person_name_matches(value, key)
    if vr == "IS":
        return int(value) == int(key)
    if vr in WILDCARDS and ("*" in key or "?" in key):
        return re.fullmatch(as_pattern(key), value, re.S) is not None
    return value == key.strip()


def matches(data_set, keyword, key):
    if key in ("", "*"):
        return True
    if "." in keyword:
        sequence, inner = keyword.split(".")
        return any(matches(item, inner, key) for item in data_set.get(sequence, []))
    found = values(data_set, keyword)
    if not found:
        # What the archive does not know matches only where queries are strict (PS3.4 C.2.2.1.2), which is not the default.
        return False
    return any(matches_one(value, key, dictionary_VR(keyword)) for value in found)


def text(data_set, keyword):
    if "." in keyword:
        return ""
    return "\\".join(values(data_set, keyword))


level, responses, keys, files = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4:]
unique = UNIQUE[level]
data_sets = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
# Modalities in Study gathers over the series of a study.
gathered = {}
for data_set in data_sets:
    gathered.setdefault(str(data_set.StudyInstanceUID), set()).add(str(data_set.get("Modality", "")))


def entity_matches(data_set):
    for keyword, key in keys.items():
        if keyword == "ModalitiesInStudy":
            if key and not gathered[str(data_set.StudyInstanceUID)] & set(key.split("\\")):
                return False
        elif not matches(data_set, keyword, key):
            return False
    return True


expected = sorted({text(data_set, unique) for data_set in data_sets if entity_matches(data_set)})
answers = [pydicom.dcmread(os.path.join(responses, name), force=True) for name in sorted(os.listdir(responses)) if name.startswith("rsp")]
actual = [text(answer, unique) for answer in answers]
json.dump({
    "expected": expected,
    # Patients without identifier are several, each known by its study.
    "actual": sorted(set(actual) if level == "PATIENT" else actual),
    "responses": [{element.keyword: text(answer, element.keyword) for element in answer if element.keyword} for answer in answers],
}, sys.stdout)
