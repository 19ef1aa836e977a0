"""What a viewer at a node sees of a study that is on its way: how far it is, and how soon frames come over DICOMweb."""
import json
import subprocess
import threading
import time


class Watch:
    """Looks ten times a second how far a transfer is."""

    def __init__(self, node):
        self.node, self.begin, self.viewable, self.kept = node, time.monotonic(), None, None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self):
        while not self._end.wait(0.1):
            for one in next(self.node.ask("GET", "/api/transfers"), []):
                now = time.monotonic() - self.begin
                if one["images"] and one["viewableImages"] == one["images"]:
                    self.viewable = self.viewable or now
                if one["keptImages"]:
                    self.kept = self.kept or now

    def stop(self):
        self._end.set()
        self._thread.join()


LOOK = """
import concurrent.futures, http.client, json, sys, threading, time
root, whole, instances = sys.argv[1], sys.argv[2], sys.stdin.read().split()
lanes = threading.local()

def frame(uid, headers):
    if not hasattr(lanes, "connection"):
        lanes.connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=600)
    accept = {"Accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}
    lanes.connection.request("GET", f"{root}/instances/{uid}/frames/1", headers=dict(accept, **headers))
    answer = lanes.connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"{answer.status} for {uid}")
    return answer.getheader("Panal-Layers") or "all"

begin, coarse = time.monotonic(), {}
with concurrent.futures.ThreadPoolExecutor(6) as pool:
    for layers in pool.map(lambda uid: frame(uid, {"Prefer": "wait=0"}), instances):
        coarse[layers] = coarse.get(layers, 0) + 1
seen = time.monotonic() - begin
last = frame(whole, {})
print(json.dumps({"viewable": seen, "first": time.monotonic() - begin, "coarse": coarse, "waited": last}))
"""


def look(node, study, series, instances, whole):
    """Opens a study at a node as the page does: the instances as far as they are there, six at a time, then one whole.

    Returns the seconds of both, how coarse the first were, and how much of the last one came.
    """
    done = subprocess.run(
        node.inside("python3", "-c", LOOK, f"/dicom-web/studies/{study}/series/{series}", whole), input=" ".join(instances), stdout=subprocess.PIPE, text=True,
        check=True)
    return json.loads(done.stdout)
