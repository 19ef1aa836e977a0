#!/usr/bin/env python3
"""Measures DICOMweb of Panal beside Orthanc with its DICOMweb plugin (Debian: orthanc orthanc-dicomweb).

    python3 benchmarks/Web/web.py [--slices 1000] [--studies 1000] [--queries 400] [--rounds 2]

Each server starts on an empty directory, is filled over STOW-RS (its figure for storing), and is then asked: a whole study of slices (512 x
512 x 16 bit) by WADO-RS as stored, the metadata of its series for the first time and again, and studies by QIDO-RS. One client, one
connection, no library but Python's own. Both servers as shipped but for ports and directories; both sync what they store.
"""
import argparse
import http.client
import json
import os
import random
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BOUNDARY = "bench-boundary"
EXECUTABLE = os.environ.get("PANAL_EXECUTABLE") or os.path.join(ROOT, "artifacts", "panal")
CT = "1.2.840.10008.5.1.4.1.1.2"


def element(group, number, vr, value):
    if isinstance(value, str):
        value = value.encode()
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB") else b" "
    head = struct.pack("<HH", group, number) + vr.encode()
    if vr in ("OB", "OW"):
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def instance(study, series, number, pixels, rows):
    """A CT slice as a file, written here so that no server's own code makes the load."""
    uid = f"{study}.{series}.{number}"
    meta = element(2, 1, "OB", b"\0\1") + element(2, 2, "UI", CT) + element(2, 3, "UI", uid) + element(2, 0x10, "UI", "1.2.840.10008.1.2.1")
    data = b"".join([
        element(8, 8, "CS", "ORIGINAL\\PRIMARY\\AXIAL"), element(8, 0x16, "UI", CT), element(8, 0x18, "UI", uid), element(8, 0x20, "DA", "20260102"),
        element(8, 0x30, "TM", "101112"), element(8, 0x50, "SH", "A" + study[-6:].replace(".", "")), element(8, 0x60, "CS", "CT"),
        element(8, 0x70, "LO", "ACME"), element(8, 0x90, "PN", "Ref^Doc"), element(8, 0x1030, "LO", "Thorax"), element(8, 0x103E, "LO", "Axial"),
        element(0x10, 0x10, "PN", f"Patient^{study.split('.')[-1]}"), element(0x10, 0x20, "LO", "P" + study.split(".")[-1]),
        element(0x10, 0x30, "DA", "19700101"), element(0x10, 0x40, "CS", "F"), element(0x18, 0x50, "DS", "1.25"), element(0x18, 0x60, "DS", "120"),
        element(0x20, 0xD, "UI", study), element(0x20, 0xE, "UI", f"{study}.{series}"), element(0x20, 0x10, "SH", "1"),
        element(0x20, 0x11, "IS", str(series)), element(0x20, 0x13, "IS", str(number)), element(0x20, 0x32, "DS", f"-100\\-100\\{number}"),
        element(0x20, 0x37, "DS", "1\\0\\0\\0\\1\\0"), element(0x20, 0x52, "UI", f"{study}.9"),
        element(0x28, 2, "US", struct.pack("<H", 1)), element(0x28, 4, "CS", "MONOCHROME2"), element(0x28, 0x10, "US", struct.pack("<H", rows)),
        element(0x28, 0x11, "US", struct.pack("<H", rows)), element(0x28, 0x30, "DS", "0.5\\0.5"), element(0x28, 0x100, "US", struct.pack("<H", 16)),
        element(0x28, 0x101, "US", struct.pack("<H", 16)), element(0x28, 0x102, "US", struct.pack("<H", 15)), element(0x28, 0x103, "US", b"\0\0"),
        element(0x28, 0x1050, "DS", "40"), element(0x28, 0x1051, "DS", "400"), element(0x7FE0, 0x10, "OW", pixels),
    ])
    return b"\0" * 128 + b"DICM" + element(2, 0, "UL", struct.pack("<I", len(meta))) + meta + data


class Server:
    def __init__(self, name, port, arguments, folder):
        self.name, self.folder = name, folder
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=open(os.path.join(folder, "log"), "w"))
        self.port = port
        until = time.monotonic() + 60
        while True:
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
                self.connection.connect()
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise SystemExit(f"{name} does not start; see {folder}/log")
                time.sleep(0.05)

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, "/dicom-web" + path, body, headers or {})
        answer = self.connection.getresponse()
        buffer, length = bytearray(1 << 20), 0
        while count := answer.readinto(buffer):
            length += count
        if answer.status not in (200, 204):
            raise SystemExit(f"{self.name}: {method} {path} -> {answer.status}")
        return length

    def store(self, files):
        parts = b"".join(f"\r\n--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + file for file in files) + f"\r\n--{BOUNDARY}--\r\n".encode()
        self.ask("POST", "/studies", parts[2:], {"Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}', "Accept": "application/dicom+json"})

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))

    def stop(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait(60)


def panal(folder, port):
    return Server("Panal", port, [EXECUTABLE, "serve", "--data", os.path.join(folder, "data"), "--dicom-port", "0",
                                  "--dicom-tls-port", "0", "--http-port", str(port)], folder)


def orthanc(folder, port):
    file = os.path.join(folder, "orthanc.json")
    with open(file, "w") as target:
        json.dump({"StorageDirectory": folder + "/storage", "IndexDirectory": folder + "/index", "HttpPort": port, "DicomServerEnabled": False,
                   "AuthenticationEnabled": False, "RemoteAccessAllowed": False, "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
                   "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}}, target)
    return Server("Orthanc", port, ["/usr/sbin/Orthanc", file], folder)


def seconds(work, *arguments):
    start = time.perf_counter()
    length = work(*arguments)
    return time.perf_counter() - start, length


def measure(start, port, options):
    folder = tempfile.mkdtemp(prefix="web-", dir=options.directory)
    server = start(folder, port)
    try:
        noise = random.Random(1)
        pixels = noise.randbytes(512 * 512 * 2)
        results, study = {}, "1.2.826.99.1"
        spent, stored = 0.0, 0
        for first in range(0, options.slices, 20):
            files = [instance(study, 1, number, pixels, 512) for number in range(first, min(first + 20, options.slices))]
            took, _ = seconds(server.store, files)
            spent, stored = spent + took, stored + sum(map(len, files))
        results["STOW MB/s"] = stored / spent / 1e6
        for first in range(2, options.studies + 2, 50):
            server.store([instance(f"1.2.826.99.{number}", 1, 1, b"\0" * 512, 16) for number in range(first, min(first + 50, options.studies + 2))])
        accept = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
        if server.name == "Orthanc":
            accept = {"Accept": 'multipart/related; type="application/dicom"'}      # as stored is its default
        rates = []
        for _ in range(3):
            took, length = seconds(server.ask, "GET", f"/studies/{study}", None, accept)
            rates.append(length / took / 1e6)
        results["WADO study MB/s"] = statistics.median(rates)
        json_header = {"Accept": "application/dicom+json"}
        path = f"/studies/{study}/series/{study}.1/metadata"
        took, length = seconds(server.ask, "GET", path, None, json_header)
        results["metadata, first, ms"] = took * 1000
        results["metadata, again, ms"] = statistics.median(seconds(server.ask, "GET", path, None, json_header)[0] for _ in range(3)) * 1000
        last = options.studies + 1
        for name, queries in {
            "QIDO by patient ID /s": [f"/studies?PatientID=P{2 + number % (last - 1)}" for number in range(options.queries)],
            "QIDO by name /s": [f"/studies?PatientName=Patient%5E{2 + number % (last - 1)}*" for number in range(options.queries)],
            "QIDO 100 of all /s": ["/studies?limit=100"] * (options.queries // 10),
        }.items():
            for query in queries[: options.queries // 4]:
                server.ask("GET", query, None, json_header)         # both get warm
            took = sum(seconds(server.ask, "GET", query, None, json_header)[0] for query in queries)
            results[name] = len(queries) / took
        results["peak memory MB"] = server.memory()
        return results
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--slices", type=int, default=1000)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--port", type=int, default=18_080)
    parser.add_argument("--directory", default=os.path.join(ROOT, "artifacts"))
    options = parser.parse_args()
    found = {"Panal": [], "Orthanc": []}
    for _ in range(options.rounds):
        for start in (panal, orthanc):
            found["Panal" if start is panal else "Orthanc"].append(measure(start, options.port, options))
            print(json.dumps(found["Panal" if start is panal else "Orthanc"][-1]), file=sys.stderr)
    print("| | Panal | Orthanc | ratio |\n|---|---|---|---|")
    for name in found["Panal"][0]:
        ours, theirs = (statistics.mean(round_[name] for round_ in found[server]) for server in ("Panal", "Orthanc"))
        print(f"| {name} | {ours:,.1f} | {theirs:,.1f} | {theirs / ours if name.endswith(('ms', 'MB')) else ours / theirs:.1f} x |")


if __name__ == "__main__":
    main()
