"""Prints, as JSON, the identity of every readable Part 10 file below the given folders or files."""
import json
import os
import sys
import warnings

import pydicom

warnings.simplefilter("ignore")
PATIENT_LEVEL = ["PatientName", "PatientSex", "PatientBirthDate"]
STUDY_LEVEL = ["PatientID", "StudyDate", "StudyTime", "AccessionNumber", "StudyDescription", "StudyID"]
WANTED = ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID"]


def paths(arguments):
    for argument in arguments:
        if os.path.isfile(argument):
            yield argument
        for folder, _, names in sorted(os.walk(argument)):
            for name in sorted(names):
                yield os.path.join(folder, name)


def entry(path):
    try:
        data_set = pydicom.dcmread(path, stop_before_pixels=True)
        syntax = str(data_set.file_meta.TransferSyntaxUID)
        values = [str(data_set.get(keyword, "") or "") for keyword in WANTED]
        meta = [str(data_set.file_meta.get(keyword, "")) for keyword in ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID")]
    except Exception:
        return None
    if not all(values[:4]) or any(len(uid) > 64 for uid in values[:4]):
        return None
    # Most senders take the UIDs of the command from the file meta information; a data set that says otherwise is refused with A900.
    if meta != values[:2]:
        return None
    about_patient, about_study = ("|".join(str(data_set.get(keyword, "")) for keyword in level) for level in (PATIENT_LEVEL, STUDY_LEVEL))
    return dict(zip(["class", "instance", "study", "series", "patient"], values), path=path, syntax=syntax, about_patient=about_patient, about_study=about_study,
                has_code_extensions=type(data_set.get("SpecificCharacterSet", "")).__name__ == "MultiValue")


json.dump([found for found in map(entry, paths(sys.argv[1:])) if found], sys.stdout)
