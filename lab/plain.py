"""What others make of one line: a plain TCP stream, C-STORE from DCMTK and from Orthanc, and a C-MOVE that the receiver asks for."""
import contextlib
import json
import os
import shutil
import subprocess
import time

import network

TAKE = """
import socket, sys, time
listener = socket.create_server((sys.argv[1], 5999))
print("ready", flush=True)
taken, begin, end = 0, None, None
stream, _ = listener.accept()
while chunk := stream.recv(1 << 16):
    now = time.monotonic()
    if begin is None:
        begin = now + 1
    if now >= begin:
        if end is None:
            begin, end = now, now + float(sys.argv[2])
        else:
            taken += len(chunk)
        if now >= end:
            break
print(taken / (now - begin))
"""
GIVE = """
import socket, sys
stream = socket.create_connection((sys.argv[1], 5999), 10)
try:
    while True:
        stream.sendall(bytes(65536))
except OSError:
    pass
"""


def tcp(lab, sender, receiver):
    """Payload bytes a second of one stream from node to node, after a second that does not count; long enough that a chunk more or less does not."""
    seconds = max(6, 30 / lab.scale)
    address = lab.address(receiver)
    taking = subprocess.Popen(receiver.inside("python3", "-c", TAKE, address, str(seconds)), stdout=subprocess.PIPE, text=True)
    taking.stdout.readline()
    giving = subprocess.Popen(sender.inside("python3", "-c", GIVE, address))
    rate = float(taking.stdout.readline())
    taking.wait()
    giving.wait()
    return rate


def dcmtk(lab, sender, receiver, folder):
    """Seconds that storescu needs for a study over one line to storescp."""
    target, port = os.path.join(lab.folder, "storescp"), "4242"
    os.makedirs(target)
    taking = subprocess.Popen(receiver.inside("storescp", "-od", target, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_listening(receiver, port)
        begin = time.monotonic()
        subprocess.run(sender.inside("storescu", lab.address(receiver), port, "+sd", folder), check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - begin
    finally:
        taking.terminate()
        taking.wait()
        shutil.rmtree(target)


def orthanc(lab, sender, receiver, folder):
    """Seconds that Orthanc needs to send a study over one line to storescp, told to by REST."""
    with _orthanc(lab, sender, receiver, folder) as (study, _):
        begin = time.monotonic()
        _curl(sender, "http://127.0.0.1:8043/modalities/far/store", "--data", study)
        return time.monotonic() - begin


def moved(lab, sender, receiver, folder):
    """Seconds that a C-MOVE needs which the receiver asks of Orthanc, to its own storescp over the sender's line."""
    with _orthanc(lab, sender, receiver, folder) as (study, target):
        uid = json.loads(_curl(sender, f"http://127.0.0.1:8043/studies/{study}"))["MainDicomTags"]["StudyInstanceUID"]
        begin = time.monotonic()
        subprocess.run(
            receiver.inside(
                "movescu", "-S", "-aet", "FAR", "-aec", "ORTHANC", "-aem", "FAR", lab.address(sender), "4343",
                "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={uid}"),
            check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - begin
        # movescu is content with a move that brought only some of the images.
        if len(os.listdir(target)) != len(os.listdir(folder)):
            raise network.LabError(f"C-MOVE brought {len(os.listdir(target))} of {len(os.listdir(folder))} images")
        return seconds


@contextlib.contextmanager
def _orthanc(lab, sender, receiver, folder):
    """Orthanc at the sender with the study of a folder, storescp at the receiver; gives Orthanc's name of the study and the folder that storescp writes to."""
    own, target, port = os.path.join(lab.folder, "orthanc"), os.path.join(lab.folder, "storescp"), "4242"
    os.makedirs(own)
    os.makedirs(target)
    settings = os.path.join(own, "orthanc.json")
    with open(settings, "w", encoding="utf-8") as file:
        json.dump({
            "StorageDirectory": os.path.join(own, "db"), "IndexDirectory": os.path.join(own, "db"), "DicomPort": 4343, "HttpPort": 8043,
            "DicomCheckCalledAet": False, "AuthenticationEnabled": False,
            "DicomModalities": {"far": {"AET": "FAR", "Host": lab.address(receiver), "Port": int(port), "AllowMove": True}},
        }, file)
    environment = dict(os.environ, TCP_NODELAY="1")
    serving = subprocess.Popen(sender.inside("Orthanc", settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    taking = subprocess.Popen(receiver.inside("storescp", "-od", target, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_listening(receiver, port)
        until_listening(sender, "4343")
        subprocess.run(sender.inside("storescu", "127.0.0.1", "4343", "+sd", folder), check=True, stdout=subprocess.DEVNULL)
        yield json.loads(_curl(sender, "http://127.0.0.1:8043/studies"))[0], target
    finally:
        for process in (serving, taking):
            process.terminate()
            process.wait()
        shutil.rmtree(own)
        shutil.rmtree(target)


def _curl(node, url, *more):
    done = subprocess.run(node.inside("curl", "-sS", "--fail", "--max-time", "3600", *more, url), stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout


def until_listening(node, port):
    def listens():
        shown = subprocess.run(node.inside("ss", "-Hltn", f"sport = :{port}"), stdout=subprocess.PIPE, text=True, check=True)
        return shown.stdout.strip()
    network.until(f"port {port} in {node.name} listens", listens)
