"""Real nodes on the lines of the lab: a centre, replicas on its LAN with a line each, clinics; joined into one network."""
import concurrent.futures
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
EXECUTABLE = os.environ.get("PANAL_EXECUTABLE") or os.path.join(ROOT, "artifacts", "panal")
FOLDER = os.environ.get("PANAL_LAB_FOLDER") or os.path.join(ROOT, "artifacts", "lab")
LINES = os.path.join(HERE, "lines")
WAIT_SECONDS = 120
BLOCK_BYTES = 65536
FULL_BYTES, BARE_BYTES = 1514, 66  # frames of full segments, and of acknowledgements without data

# In the lab a line has no distance, so that who is behind it would be taken for near, and what is sent there not be paced.
ANY_RATE_OVER_THE_LINE = "adsl0 100000000"


class LabError(Exception):
    """Something in the lab is not as it should be."""


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=3600)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


def until(what, ask, seconds=WAIT_SECONDS):
    """Asks again until the answer is true; other processes tell nobody that they are so far."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise LabError(f"Not so far after {seconds} s: {what}")
        time.sleep(0.1)


class Node:
    """One `panal serve` in a network namespace of its own."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.folder = os.path.join(lab.folder, name)
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        self.process = None
        self.is_cold = True  # has done nothing since it started
        self.line = (lab.up, lab.down)

    @property
    def title(self):
        """The name in the network."""
        return self.name.upper()

    def inside(self, *command):
        """A command line that runs in the namespace."""
        return ["ip", "netns", "exec", f"{self.lab.prefix}-{self.name}", *command]

    def start(self, *options):
        os.makedirs(self.folder, exist_ok=True)
        self.is_cold = True
        with open(self.log, "ab") as log:
            at = log.tell()
            environment = dict(
                os.environ, PANAL_Transfers__UplinkKilobitsPerSecond=str(self.line[0] * self.lab.scale), PANAL_Transfers__LineLimits=ANY_RATE_OVER_THE_LINE)
            self.process = subprocess.Popen(
                self.inside("nice", "-n", str(self.lab.nice), EXECUTABLE, "serve", "--data", self.data, *options), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                env=environment, start_new_session=True)
        until(f"{self.name} is ready", lambda: self._is_ready(at))

    def _is_ready(self, at):
        if self.process.poll() is not None:
            raise LabError(f"{self.name} ended: see {self.log}")
        with open(self.log, "rb") as log:
            log.seek(at)
            return b"ready" in log.read()

    def stop(self):
        """Ends the process in order."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def kill(self):
        """Ends the process without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def panal(self, *arguments):
        """Runs a command of panal on this node's data; returns what it printed."""
        done = subprocess.run(
            self.inside(EXECUTABLE, *arguments, "--data", self.data), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        if done.returncode:
            raise LabError(f"{self.name}: panal {' '.join(arguments)}: {done.stdout}")
        return done.stdout

    def ask(self, method, path):
        """Asks the administration socket; gives its answers, an object a line, as they come."""
        connection = _SocketConnection(os.path.join(self.data, "panal.sock"))
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            if answer.status != 200:
                raise LabError(f"{self.name}: {path}: {answer.status} {answer.read()[:200]}")
            if method == "GET":
                yield json.loads(answer.read())
                return
            for line in answer:
                yield {key[0].lower() + key[1:]: value for key, value in json.loads(line).items()}
        finally:
            connection.close()

    def network(self):
        return next(self.ask("GET", "/api/network"))

    def member(self, name):
        return next(m for m in self.network()["members"] if m["name"] == name.upper())

    def metrics(self):
        """What the node counts of transfers: values by name, with their labels."""
        text = subprocess.run(self.inside("curl", "-s", "http://127.0.0.1:8080/metrics"), stdout=subprocess.PIPE, text=True, check=True).stdout
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("panal_swarm_transfers")}

    def fetch(self, study):
        """Fetches a study; returns the seconds it took and all reports, each with its time."""
        begin, reports = time.monotonic(), []
        for report in self.ask("POST", f"/admin/fetch?study={study}&priority=interactive"):
            reports.append((time.monotonic() - begin, report))
        if not reports or not reports[-1][1]["images"] or reports[-1][1]["keptImages"] != reports[-1][1]["images"]:
            raise LabError(f"{self.name}: the fetch ended with {reports[-1:]}")
        return reports[-1][0], reports

    def store(self, folder):
        """Sends files to this node by C-STORE."""
        subprocess.run(self.inside("storescu", "-aec", "PANAL", "127.0.0.1", "11112", "+sd", folder), check=True, stdout=subprocess.DEVNULL)

    def hashes(self, study):
        """SHA-256 of every file of a study that the archive holds, in order."""
        found = []
        for path in self.files(study):
            with open(path, "rb") as file:
                found.append(hashlib.sha256(file.read()).hexdigest())
        return sorted(found)

    def files(self, study):
        """The files of a study that the archive has settled."""
        return [
            os.path.join(path, name) for path, _, names in os.walk(os.path.join(self.data, "online")) if study in path for name in names
            if name.endswith(".dcm")]


class Uplinks:
    """What the lines carry upwards, twice a second, as the other end of each counts it."""

    _COUNT = """
import time
while True:
    with open("/proc/net/dev", encoding="ascii") as file:
        rows = [line.split() for line in file.read().replace(":", " ").splitlines()[2:]]
    print(time.monotonic(), *(f"{row[0][2:]}={row[1]}/{row[2]}" for row in rows if row[0].startswith("p-")), flush=True)
    time.sleep(0.5)
"""

    def __init__(self, lab):
        self._rates = {node.name: node.line[0] * lab.scale * 125 for node in lab.replicas + lab.clinics}
        self._path = os.path.join(lab.folder, "uplinks")
        with open(self._path, "w", encoding="ascii") as file:
            self._counting = subprocess.Popen(
                ["ip", "netns", "exec", f"{lab.prefix}-inet", "nice", "-n", str(lab.nice), "python3", "-c", self._COUNT], stdout=file)
        until("the lines are counted", lambda: os.path.getsize(self._path))

    def stop(self, names, seconds):
        """Ends the count. Returns the share of its rate that each line was used for in each second of so many; the same of all of them together; and of what they
        carried the share in packets without data, if the others are full."""
        self._counting.terminate()
        self._counting.wait()
        with open(self._path, encoding="ascii") as file:
            looks = [self._parse(line) for line in file if line.endswith("\n")]
        looks = [look for look in looks if look[0] - looks[0][0] <= seconds + 0.5]
        course = {
            name: [round((then[name][0] - before[name][0]) / (at - since) / self._rates[name], 3) for (since, before), (at, then) in zip(looks[:-2:2], looks[2::2])]
            for name in names}
        (since, before), (at, then) = looks[0], looks[-1]
        sent = sum(then[name][0] - before[name][0] for name in names)
        packets = sum(then[name][1] - before[name][1] for name in names)
        bare = max(0, FULL_BYTES * packets - sent) / (FULL_BYTES - BARE_BYTES) * BARE_BYTES
        return course, sent / (at - since) / sum(self._rates[name] for name in names), bare / max(1, sent)

    @staticmethod
    def _parse(line):
        at, *counts = line.split()
        return float(at), {name: tuple(map(int, both.split("/"))) for name, both in (count.split("=") for count in counts)}


class Lab:
    """Lines and nodes."""

    def __init__(self, clinics, replicas=3, scale=10, prefix="panal", up=800, down=3000, buffer_ms=100, rtt_ms=0, nice=0, options=()):
        self.prefix, self.scale, self.up, self.down = prefix, scale, up, down
        self.buffer_ms, self.rtt_ms, self.nice, self.options = buffer_ms, rtt_ms, nice, options
        self.folder = os.path.join(FOLDER, prefix)
        self.centre = Node(self, "central")
        self.replicas = [Node(self, f"replica{i}") for i in range(1, replicas + 1)]
        self.clinics = [Node(self, f"client{i}") for i in range(1, clinics + 1)]
        self._seed = int(time.time()) * 100
        self._held = 0

    @property
    def nodes(self):
        return [self.centre, *self.replicas, *self.clinics]

    def lines(self, *arguments):
        environment = dict(os.environ, PREFIX=self.prefix, STATE=os.path.join(FOLDER, "lines"))
        done = subprocess.run([LINES, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise LabError(f"lines {' '.join(arguments)}: {done.stdout}")
        return done.stdout

    def address(self, node, lan=False):
        return self.lines("ip", node.name, *(["lan"] if lan else [])).strip()

    def up_all(self):
        """Brings up the lines and the nodes and joins them."""
        self.down_all()
        os.makedirs(self.folder)
        os.makedirs(os.path.join(FOLDER, "lines"), exist_ok=True)
        self.lines(
            "up", f"N={len(self.clinics)}", f"R={len(self.replicas)}", f"SCALE={self.scale}", f"UP={self.up}", f"DOWN={self.down}", "CENTRAL_ADSL=1",
            f"BUF_MS={self.buffer_ms}", f"RTT_MS={self.rtt_ms}")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda node: node.start(*self.options), self.nodes))
        self.centre.panal("network", "create", "LAB", "--name", self.centre.title, *self._endpoints(self.centre, True))
        for node in self.replicas:
            self._join(node, "replica", f"http://{self.address(self.centre, lan=True)}:8080", True)
        for node in self.clinics:
            self._join(node, "clinic", f"http://{self.address(self.centre)}:8080", False)
        self.until_linked()

    def set_line(self, node, up, down):
        """Gives a node another line, in kbit/s before the scale; it is told and starts anew."""
        if node.line != (up, down):
            node.stop()
            node.line = (up, down)
            self.lines("set", node.name, str(up), str(down))
            node.start(*self.options)

    def until_linked(self):
        """Waits until every node has a link to every other."""
        for node in self.nodes:
            until(f"{node.name} has its links", lambda n=node: self._is_linked(n))

    def down_all(self):
        """Ends what runs in the namespaces, deletes them and the data."""
        self.lines("down")
        shutil.rmtree(self.folder, ignore_errors=True)

    def study(self, slices=128, falsified=0.0):
        """Makes a study, stores it at the last replica and has the others fetch it over the LAN.

        Returns its UID, its bytes as stored and the hashes of its files once every node knows that all replicas hold it. The last replica then falsifies a
        share of its blocks: they are changed on its disk after it has read and proved them, so that they go out with proofs that do not hold.
        """
        import study as maker
        self._seed += 1
        folder = os.path.join(self.folder, "study")
        uid, _ = maker.make(folder, slices, self._seed)
        first = self.replicas[-1]
        first.store(folder)
        shutil.rmtree(folder)
        self._held += slices
        hashes = until(f"{first.name} has files of the study", lambda: len(h := first.hashes(uid)) == slices and h)
        total = 0
        for node in self.replicas[:-1]:
            until(f"{node.name} knows the study", lambda n=node: self._holds(n, first))
            total = node.fetch(uid)[1][-1][1]["bytes"]
        self.until_known()
        if falsified:
            self._falsify(first, uid, falsified)
        return uid, total, hashes

    def expect(self, instances):
        """Replicas have been given so many more instances each."""
        self._held += instances

    def until_known(self):
        """Waits until every clinic knows what the replicas hold."""
        for node in self.clinics:
            until(f"{node.name} knows who holds the study", lambda n=node: all(self._holds(n, r) for r in self.replicas))

    def _falsify(self, node, study, share):
        source, done = random.Random(1), 0
        for path in node.files(study):
            with open(path, "r+b") as file:
                for block in range(0, os.path.getsize(path), BLOCK_BYTES):
                    if source.random() < share:
                        file.seek(block + 100)
                        byte = file.read(1)
                        file.seek(block + 100)
                        file.write(bytes([byte[0] ^ 1]))
                        done += 1
        if not done:
            raise LabError("Nothing was falsified.")

    def _endpoints(self, node, lan):
        addresses = ([self.address(node, lan=True)] if lan else []) + [self.address(node)]
        return [word for address in addresses for word in ("--endpoint", f"{address}:7700")]

    def _join(self, node, role, centre, lan):
        invitation = self.centre.panal("network", "invite", "--role", role).strip()
        node.panal("join", centre, "--name", node.title, "--role", role, "--invitation", invitation, *self._endpoints(node, lan))

    def _is_linked(self, node):
        states = [m["state"] for m in node.network()["members"]]
        return len(states) == len(self.nodes) and set(states) <= {"self", "up"}

    def _holds(self, node, holder):
        return (node.member(holder.title)["heldInstances"] or 0) >= self._held
