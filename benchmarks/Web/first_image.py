#!/usr/bin/env python3
"""Measures the first image in the page's viewer: milliseconds from the click on a study to the image on the screen, on localhost.

    ./run --build-only && python3 benchmarks/Web/first_image.py STUDY-FOLDER [--rounds 5]

STUDY-FOLDER holds the files of one study. It needs storescu and dcmdump (Debian: dcmtk), chromium, and the packages that the page's test brings
(artifacts/witnesses/page).
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXECUTABLE = os.environ.get("PANAL_EXECUTABLE") or os.path.join(ROOT, "artifacts", "panal")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=18_090)
    options = parser.parse_args()
    files = sorted(os.path.join(folder, name) for folder, _, names in os.walk(options.folder) for name in names)
    files = [file for file in files if open(file, "rb").read(132)[128:] == b"DICM"]
    study = re.search(r"\[([0-9.]+)\]", subprocess.check_output(["dcmdump", "+P", "0020,000d", files[0]], text=True)).group(1)
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        node = subprocess.Popen([EXECUTABLE, "serve", "--data", os.path.join(folder, "data"), "--dicom-port", str(options.port + 1), "--dicom-tls-port", "0",
                                 "--http-port", str(options.port)], stdout=open(log, "w"), stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + 60
            while not (link := re.search(r"http://\S+/#setup=\S+", open(log).read())) or "ready" not in open(log).read():
                if time.monotonic() > until:
                    raise SystemExit("the node does not start")
                time.sleep(0.1)
            subprocess.run(["storescu", "-aec", "PANAL", "127.0.0.1", str(options.port + 1), *files], check=True)
            packages = os.environ.get("NODE_PATH") or os.path.join(ROOT, "artifacts", "witnesses", "page", "node_modules")
            found = json.loads(subprocess.check_output(
                ["node", os.path.join(ROOT, "benchmarks", "Web", "first-image.js"), link.group(), study, str(options.rounds)], env=os.environ | {"NODE_PATH": packages}))
        finally:
            node.terminate()
            node.wait(60)
    print(f"first image, {len(files)} files: {found} ms, median {statistics.median(found):.0f} ms")


if __name__ == "__main__":
    main()
