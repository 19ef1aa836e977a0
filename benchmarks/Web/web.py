#!/usr/bin/env python3
"""Measures DICOMweb of Panal beside Orthanc with its DICOMweb plugin (Debian: orthanc orthanc-dicomweb).

    python3 benchmarks/Web/web.py [--slices 1000] [--studies 1000] [--queries 2000] [--rounds 2] [--keep DIRECTORY]

Each server starts on an empty directory, is filled over STOW-RS (its figure for storing), and is then asked: a whole study of slices (512 x
512 x 16 bit) by WADO-RS as stored, the metadata of its series when it has just come, then that of another series that both servers have had time to
store, each first and again, this one also as the first request after a restart, and studies by QIDO-RS. One client, one connection, no library but
Python's own: what is sent is put together before the clock starts, and answers are read off the socket, so that the time is the server's. Both servers
as shipped but for ports and directories; both sync what they store. What the same client takes from a loop that sends as many bytes of one slice in
memory, and reads nothing, is measured in the same round: no server that copies can send a study faster.

--keep fills the directory once, with the studies but without slices, and measures only the searches then and in later runs: for 100,000 studies and more.
The fill comes over DICOM on four associations, tells how far it is, and goes on where it was interrupted; it needs `dotnet build benchmarks/Load -c Release`.
Orthanc does not sync its files while it is filled so, which it would take hours for; it is asked as shipped.
"""
import argparse
import datetime
import json
import multiprocessing
import os
import random
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BOUNDARY = "bench-boundary"
EXECUTABLE = os.environ.get("PANAL_EXECUTABLE") or os.path.join(ROOT, "artifacts", "panal")
LOAD = os.path.join(ROOT, "artifacts", "build", "bin", "Load", "release", "Panal.Load")
CT = "1.2.840.10008.5.1.4.1.1.2"


SYLLABLES = ["GAR", "LOP", "MAR", "TIN", "NEZ", "ROS", "DRI", "SAN", "CHE", "PER", "REZ", "GOM", "MEZ", "FER", "NAN", "DEZ"]


# What a study is called follows from its number, as in tests/Conformance/WireClient/SyntheticInstance.cs, which fills what is kept.
def patient_id(study):
    return f"B000001-{study:08d}"


def family_name(study):
    mixed = (study * 2654435761 & 0xFFFFFFFF) >> 20
    return SYLLABLES[mixed & 15] + SYLLABLES[mixed >> 4 & 15] + SYLLABLES[mixed >> 8]


def study_date(study):
    day = ((study * 2246822519 & 0xFFFFFFFF) >> 8) % 2000
    return (datetime.date(2019, 1, 1) + datetime.timedelta(days=day)).strftime("%Y%m%d")


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
    told = int(study.split(".")[-1])
    meta = element(2, 1, "OB", b"\0\1") + element(2, 2, "UI", CT) + element(2, 3, "UI", uid) + element(2, 0x10, "UI", "1.2.840.10008.1.2.1")
    data = b"".join([
        element(8, 8, "CS", "ORIGINAL\\PRIMARY\\AXIAL"), element(8, 0x16, "UI", CT), element(8, 0x18, "UI", uid), element(8, 0x20, "DA", study_date(told)),
        element(8, 0x30, "TM", "101112"), element(8, 0x50, "SH", "A" + study[-6:].replace(".", "")), element(8, 0x60, "CS", "CT"),
        element(8, 0x70, "LO", "ACME"), element(8, 0x90, "PN", "Ref^Doc"), element(8, 0x1030, "LO", "Thorax"), element(8, 0x103E, "LO", "Axial"),
        element(0x10, 0x10, "PN", f"{family_name(told)}^ANA"), element(0x10, 0x20, "LO", patient_id(told)),
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


class Connection:
    """HTTP/1.1 on one socket, with nothing between the server and the clock that a program in another language would not have."""

    def __init__(self, port):
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.buffer = bytearray(1 << 20)
        self.connect()

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self, method, path, body=None, headers=None):
        """The bytes of a request."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}"] + [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines + ["", ""]).encode() + (body or b"")

    def ask(self, request):
        """Sends a request, reads its answer to the end, and returns status and length of the body."""
        self.socket.sendall(request)
        seen = b""
        while (end := seen.find(b"\r\n\r\n")) < 0:
            seen += self.more()
        head, rest = seen[:end].lower(), seen[end + 4:]
        status = int(head[9:12])
        if status == 204:
            return status, 0
        if (found := head.find(b"\r\ncontent-length:")) >= 0:
            length = int(head[found + 17:].split(b"\r\n", 1)[0])
            left = length - len(rest)
            while left > 0:
                left -= self.socket.recv_into(self.buffer, min(left, len(self.buffer))) or self.broken()
            return status, length
        if b"\r\ntransfer-encoding: chunked" in head:
            return status, self.chunks(rest)
        # It ends with the connection, as some answers of Orthanc do.
        length = len(rest)
        while (some := self.socket.recv_into(self.buffer)) > 0:
            length += some
        self.socket.close()
        self.connect()
        return status, length

    def chunks(self, rest):
        length = 0
        while True:
            while (end := rest.find(b"\r\n")) < 0:
                rest += self.more()
            size = int(rest[:end].split(b";")[0], 16)
            left = size + 2 - (len(rest) - end - 2)
            length += size
            if left <= 0:
                rest = rest[end + 2 + size + 2:]
            else:
                # The tail of what is received may belong to the next chunk only when this one is asked for no more than it has.
                while left > 0:
                    left -= self.socket.recv_into(self.buffer, min(left, len(self.buffer))) or self.broken()
                rest = b""
            if size == 0:
                return length

    def more(self):
        return self.socket.recv(1 << 16) or self.broken()

    def broken(self):
        raise SystemExit("the server broke off")

    def close(self):
        self.socket.close()


class Server:
    def __init__(self, name, port, arguments, folder):
        self.name, self.folder = name, folder
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=open(os.path.join(folder, "log"), "w"))
        self.port = port
        until = time.monotonic() + 60
        while True:
            try:
                self.connection = Connection(port)
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise SystemExit(f"{name} does not start; see {folder}/log")
                time.sleep(0.05)

    def request(self, method, path, body=None, headers=None):
        return self.connection.request(method, "/dicom-web" + path, body, headers)

    def ask(self, request):
        status, length = self.connection.ask(request)
        if status not in (200, 204):
            raise SystemExit(f"{self.name}: {request[:200]} -> {status}")
        return length

    def storing(self, files):
        """The request that stores files."""
        parts = b"".join(f"\r\n--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + file for file in files) + f"\r\n--{BOUNDARY}--\r\n".encode()
        return self.request("POST", "/studies", parts[2:], {"Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}', "Accept": "application/dicom+json"})

    def processor(self):
        """Seconds of the processor that the server has used."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        return self.status("VmHWM")

    def resident(self):
        return self.status("VmRSS")

    def status(self, name):
        """A size of its memory, in MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith(name))

    def stop(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait(600)     # what came last may have to be settled

    def settled(self):
        """Lets the server finish what it does by itself after storing."""
        if self.name == "Panal":
            subprocess.run([EXECUTABLE, "metadata", "run", "--data", os.path.join(self.folder, "data")], check=True, stdout=subprocess.DEVNULL)


def panal(folder, port, fills=False):
    return Server("Panal", port, [EXECUTABLE, "serve", "--data", os.path.join(folder, "data"), "--dicom-port", str(port + 1 if fills else 0),
                                  "--dicom-tls-port", "0", "--http-port", str(port)], folder)


def orthanc(folder, port, fills=False):
    file = os.path.join(folder, "orthanc.json")
    with open(file, "w") as target:
        json.dump({"StorageDirectory": folder + "/storage", "IndexDirectory": folder + "/index", "HttpPort": port, "DicomServerEnabled": fills, "DicomPort": port + 1,
                   "AuthenticationEnabled": False, "SyncStorageArea": not fills, "RemoteAccessAllowed": False, "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
                   "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}}, target)
    return Server("Orthanc", port, ["/usr/sbin/Orthanc", file], folder)


def seconds(work, *arguments):
    start = time.perf_counter()
    length = work(*arguments)
    return time.perf_counter() - start, length


def fill(server, options):
    for first in range(0, options.studies, 50):
        server.ask(server.storing([instance(f"1.2.826.99.{number}", 1, 1, b"\0" * 512, 16) for number in range(first, min(first + 50, options.studies))]))


def search(server, options):
    results = {}
    asked = [number * 7919 % options.studies for number in range(options.queries)]
    json_header = {"Accept": "application/dicom+json"}
    for name, queries in {
        "QIDO by patient ID /s": [f"/studies?PatientID={patient_id(number)}" for number in asked],
        "QIDO by name /s": [f"/studies?PatientName={family_name(number)}*" for number in asked],
        "QIDO by date /s": [f"/studies?StudyDate={study_date(number)}" for number in asked],
        "QIDO 100 of all /s": ["/studies?limit=100"] * (options.queries // 10),
    }.items():
        requests = [server.request("GET", query, None, json_header) for query in queries]
        for request in requests:
            server.ask(request)         # both get warm
        used = server.processor()
        took = sum(seconds(server.ask, request)[0] for request in requests)
        results[name] = len(queries) / took
        results[name.replace("/s", "processor, ms")] = (server.processor() - used) / len(queries) * 1000
    return results


def retrieve(server, studies, options):
    noise = random.Random(1)
    pixels = noise.randbytes(512 * 512 * 2)
    results, spent, stored = {}, 0.0, 0
    for study in studies:
        for first in range(0, options.slices, 20):
            files = [instance(study, 1, number, pixels, 512) for number in range(first, min(first + 20, options.slices))]
            request = server.storing(files)
            took, _ = seconds(server.ask, request)
            spent, stored = spent + took, stored + sum(map(len, files))
    results["STOW MB/s"] = stored / spent / 1e6
    accept = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    if server.name == "Orthanc":
        accept = {"Accept": 'multipart/related; type="application/dicom"'}      # as stored is its default
    rates = []
    for _ in range(3):
        took, length = seconds(server.ask, server.request("GET", f"/studies/{studies[0]}", None, accept))
        rates.append(length / took / 1e6)
    results["WADO study MB/s"] = statistics.median(rates)
    describe(server, studies[0], "metadata just received", results)
    server.settled()
    describe(server, studies[1], "metadata", results)
    return results


def send_from_memory(listener, slices):
    """Answers every request with as many bytes as a study has, all of one slice in memory."""
    piece = random.Random(1).randbytes(512 * 512 * 2)
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while connection.recv(1 << 16):
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(piece) * slices}\r\n\r\n".encode())
        for _ in range(slices):
            connection.sendall(piece)


def limit(options):
    """MB/s that the client of this benchmark takes when nothing has to be read for it; asked as often as the servers are."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = multiprocessing.Process(target=send_from_memory, args=(listener, options.slices), daemon=True)
        sender.start()
        client = Connection(listener.getsockname()[1])
        rates = []
        for _ in range(3):
            took, (_, length) = seconds(client.ask, client.request("GET", "/"))
            rates.append(length / took / 1e6)
        client.close()
        sender.join()
    return statistics.median(rates)


def describe(server, study, name, results):
    metadata = metadata_of(server, study)
    results[f"{name}, first, ms"] = seconds(server.ask, metadata)[0] * 1000
    results[f"{name}, again, ms"] = statistics.median(seconds(server.ask, metadata)[0] for _ in range(3)) * 1000


def metadata_of(server, study):
    return server.request("GET", f"/studies/{study}/series/{study}.1/metadata", None, {"Accept": "application/dicom+json"})


def measure(start, port, options):
    folder = tempfile.mkdtemp(prefix="web-", dir=options.directory)
    server = start(folder, port)
    try:
        studies = [f"1.2.826.99.{options.studies + number}" for number in range(2)]
        results = retrieve(server, studies, options)
        server.stop()
        server = start(folder, port)
        results["metadata, after a restart, ms"] = seconds(server.ask, metadata_of(server, studies[1]))[0] * 1000
        fill(server, options)
        return results | search(server, options) | {"peak memory MB": server.memory()}
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def measure_kept(start, port, options):
    folder = os.path.join(options.keep, f"{start.__name__}-{options.studies}")
    note = os.path.join(folder, "filled")
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(note) or int(open(note).read()) < options.studies:
        server = start(folder, port, fills=True)
        try:
            print(f"{server.name} is filled", file=sys.stderr)
            subprocess.run([LOAD, "fill", "--port", str(port + 1), "--count", str(options.studies), "--note", note], check=True, stdout=sys.stderr)
        finally:
            server.stop()
    server = start(folder, port)
    try:
        return search(server, options) | {"peak memory MB": server.memory()}
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--slices", type=int, default=1000)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--port", type=int, default=18_080)
    parser.add_argument("--directory", default=os.path.join(ROOT, "artifacts"))
    parser.add_argument("--keep", metavar="DIRECTORY", help="fill once, and measure searches only")
    options = parser.parse_args()
    options.directory = options.directory if os.path.isdir(options.directory) else None
    found, limits = {"Panal": [], "Orthanc": []}, []
    for _ in range(options.rounds):
        if not options.keep:
            limits.append(limit(options))
        for start in (panal, orthanc):
            found["Panal" if start is panal else "Orthanc"].append((measure_kept if options.keep else measure)(start, options.port, options))
            print(json.dumps(found["Panal" if start is panal else "Orthanc"][-1]), file=sys.stderr)
    print("| | Panal | Orthanc | ratio |\n|---|---|---|---|")
    for name in found["Panal"][0]:
        ours, theirs = (statistics.mean(round_[name] for round_ in found[server]) for server in ("Panal", "Orthanc"))
        print(f"| {name} | {ours:,.1f} | {theirs:,.1f} | {theirs / ours if name.endswith(('ms', 'MB')) else ours / theirs:.1f} x |")
    if limits:
        most = statistics.mean(limits)
        shares = [statistics.mean(round_["WADO study MB/s"] for round_ in found[server]) / most for server in ("Panal", "Orthanc")]
        print(f"\nSent from memory: {most:,.0f} MB/s; of this WADO study is {shares[0]:.2f} and {shares[1]:.2f}.")


if __name__ == "__main__":
    main()
