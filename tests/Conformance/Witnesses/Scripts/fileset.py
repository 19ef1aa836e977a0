"""Reads a medium by its DICOMDIR with pydicom and prints the instances that it finds as JSON.  fileset.py DICOMDIR"""
import json
import sys

from pydicom.fileset import FileSet

found = FileSet(sys.argv[1])
print(json.dumps({
    "patients": found.find_values("PatientID"),
    "studies": found.find_values("StudyInstanceUID"),
    "series": len(found.find_values("SeriesInstanceUID")),
    "instances": [{"path": instance.path, "uid": str(instance.SOPInstanceUID), "loaded": str(instance.load().SOPInstanceUID)} for instance in found],
}))
