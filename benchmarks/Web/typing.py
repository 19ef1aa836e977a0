#!/usr/bin/env python3
"""Measures what one keystroke in the page's list of studies costs: the request that the page makes, with 1,000,000 studies.

    python3 benchmarks/Web/typing.py DIRECTORY [--studies 1000000] [--rounds 5]

The folder is filled once, by benchmarks/Catalogue, with rows only: their files are missing, which a list does not notice. Then a node is started on it, and each question is asked
as the page asks it, a hundred rows and one more: while a name, an ID and a description are typed letter by letter, with a range of dates, with a modality, sorted by each column
both ways, and further down the list. Each question is asked for the first time and then some rounds more; the slowest are printed.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time
import urllib.parse

from web import EXECUTABLE, ROOT, Server

FILL = os.path.join(ROOT, "artifacts", "build", "bin", "CatalogueLoad", "release", "Panal.CatalogueLoad")
FIELDS = "00081030,00080050,00201208,00080056"
COLUMNS = ["PatientName", "PatientID", "StudyDate", "ModalitiesInStudy", "StudyDescription", "AccessionNumber", "NumberOfStudyRelatedInstances"]
TYPED = ["garcia-21 ana", "pid0123456", "acc00777", "torax con", "ct abd", "novak-5 rodilla", "zzz"]
NEWEST = "-StudyDate"


def questions():
    for text in TYPED:
        for length in range(1, len(text) + 1):
            yield f"type '{text[:length]}'", {"text": text[:length], "orderby": NEWEST}
    for name, more in {
        "all": {}, "text of many": {"text": "g"}, "text of some": {"text": "torax"}, "text of few": {"text": "okafor-17"}, "a year": {"StudyDate": "20200101-20201231"},
        "a week": {"StudyDate": "20200101-20200107"}, "modality": {"ModalitiesInStudy": "MG"}, "no such modality": {"ModalitiesInStudy": "XC"},
        "text, year and modality": {"text": "rossi", "StudyDate": "20200101-20201231", "ModalitiesInStudy": "PT"},
    }.items():
        for column in COLUMNS:
            yield f"{name}, by {column}", {**more, "orderby": column}
            yield f"{name}, by {column} down", {**more, "orderby": "-" + column}
    for offset in (1_000, 10_000, 100_000):
        yield f"all, newest, after {offset}", {"orderby": NEWEST, "offset": offset}
        yield f"'g', newest, after {offset}", {"text": "g", "orderby": NEWEST, "offset": offset}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("directory")
    parser.add_argument("--studies", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=18_090)
    options = parser.parse_args()
    data = os.path.join(options.directory, "data")
    if not os.path.exists(os.path.join(options.directory, "filled")):
        os.makedirs(data, exist_ok=True)
        subprocess.run([FILL, str(options.studies), data, "1", "fill"], check=True, stdout=sys.stderr)
        open(os.path.join(options.directory, "filled"), "w").close()
    started = time.perf_counter()
    server = Server("Panal", options.port, [EXECUTABLE, "serve", "--data", data, "--dicom-port", "0", "--dicom-tls-port", "0", "--http-port", str(options.port)], options.directory)
    print(f"open after {time.perf_counter() - started:.2f} s", file=sys.stderr)
    try:
        found = []
        for name, parameters in questions():
            query = urllib.parse.urlencode({"limit": 101, "offset": 0, "includefield": FIELDS, **parameters})
            request = server.request("GET", "/studies?" + query, None, {"Accept": "application/dicom+json"})
            times = []
            for _ in range(options.rounds + 1):
                start = time.perf_counter()
                server.ask(request)
                times.append((time.perf_counter() - start) * 1000)
            found.append((times[0], statistics.median(times[1:]), name))
        first, again = sorted(one[0] for one in found), sorted(one[1] for one in found)
        for what, times in (("first", first), ("again", again)):
            print(f"{len(found)} questions, {what}: median {statistics.median(times):.1f} ms, p95 {times[int(len(times) * 0.95)]:.1f} ms, slowest {times[-1]:.1f} ms; at most 100 ms: {sum(time <= 100 for time in times)}")
        print("\n| slowest | first, ms | again, ms |\n|---|---|---|")
        for first, again, name in sorted(found, reverse=True)[:25]:
            print(f"| {name} | {first:.1f} | {again:.1f} |")
        print(f"\nidle memory {server.resident()} MB")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
