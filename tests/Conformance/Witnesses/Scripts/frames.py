"""Reads and writes the frames of Pixel Data without looking into them.

Takes one request a line, a JSON array, and answers each with one line of JSON, {"error": TEXT} where it cannot:
["read", FILE]
  {"syntax", "width", "height", "components", "allocated", "stored", "signed", "planar", "photometric", "frames": [base64]};
  encapsulated frames as they are stored, native ones cut by their length.
["write", TEMPLATE, SYNTAX, OUT, FRAME...]
  writes TEMPLATE with its Pixel Data replaced by the encapsulated FRAME files; {}.
"""
import base64
import json
import sys
import warnings

import pydicom
from pydicom.encaps import encapsulate, generate_pixel_data_frame

warnings.simplefilter("ignore")


def read(path):
    data_set = pydicom.dcmread(path)
    count = int(data_set.get("NumberOfFrames", 1) or 1)
    syntax = data_set.file_meta.TransferSyntaxUID
    if syntax.is_compressed and not syntax.is_deflated:
        frames = list(generate_pixel_data_frame(data_set.PixelData, count))
    else:
        bits = data_set.Rows * data_set.Columns * data_set.SamplesPerPixel * data_set.BitsAllocated
        length = (bits + 7) // 8
        frames = [data_set.PixelData[i * length:(i + 1) * length] for i in range(count)]
    return dict(syntax=str(syntax), width=data_set.Columns, height=data_set.Rows, components=data_set.SamplesPerPixel,
                allocated=data_set.BitsAllocated, stored=data_set.BitsStored, signed=data_set.PixelRepresentation == 1,
                planar=data_set.get("PlanarConfiguration", 0) == 1, photometric=data_set.PhotometricInterpretation,
                frames=[base64.b64encode(frame).decode() for frame in frames])


def write(template, syntax, out, paths):
    data_set = pydicom.dcmread(template)
    frames = [open(path, "rb").read() for path in paths]
    data_set.PixelData = encapsulate(frames)
    data_set["PixelData"].is_undefined_length = True
    data_set["PixelData"].VR = "OB"
    if len(frames) > 1 or "NumberOfFrames" in data_set:
        data_set.NumberOfFrames = len(frames)
    data_set.file_meta.TransferSyntaxUID = syntax
    data_set.is_little_endian, data_set.is_implicit_VR = True, False
    data_set.save_as(out)
    return {}


for line in sys.stdin:
    verb, *arguments = json.loads(line)
    try:
        answer = read(*arguments) if verb == "read" else write(*arguments[:3], arguments[3:])
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
