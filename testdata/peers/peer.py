# SPDX-License-Identifier: GPL-2.0-or-later
"""Shared by the peer tests: triage and a tool that people know look at the same steady load at the same
time, several times, and the median of their differences must be small. One look may be disturbed by
something else that runs here; most of them are not."""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenarios"))
import lab  # noqa: E402

LOADS = {
    "threads": HERE.parent / "scenarios" / "sysbench-threads" / "load",
    "compute": HERE.parent / "scenarios" / "stress-cpu" / "load",
    "mixed": HERE / "mixed" / "load",
    "pool": HERE / "pool" / "load",
    "tight-loop": HERE.parent / "scenarios" / "tight-loop" / "load",
    "mutex-pool": HERE.parent / "scenarios" / "mutex-pool" / "load",
    "dd-checksum": HERE.parent / "scenarios" / "dd-checksum" / "load",
    "syn-flood": HERE.parent / "scenarios" / "syn-flood-bridge" / "load",
}


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(f"needs the program {program}")


def triage_path():
    """argv[1]: the program under test."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} TRIAGE")
    if not os.access(sys.argv[1], os.X_OK):
        skip(f"no program {sys.argv[1]}")
    return os.path.abspath(sys.argv[1])


def confirmed(compare, *arguments):
    """Whether they agree, asked again when they don't: what a neighbour of this machine causes does not come up twice."""
    return compare(*arguments) or compare(*arguments)


def start_load(name):
    """A load that stands; a skip when this host can't run it."""
    load = None
    try:
        load = lab.Load(LOADS[name])
        load.wait_ready()
        return load
    except (lab.Skip, lab.Broken) as reason:
        if load:
            load.stop()
        if isinstance(reason, lab.Skip):
            skip(str(reason))
        sys.exit(f"FAILED: {reason}")


def run_triage(triage, load, *options):
    """The evidence of one `triage run`, its "run" the wall-clock times of start and end."""
    bundle = load.work / "peer.tar.zst"
    bundle.unlink(missing_ok=True)
    began = time.time()
    lab.run_triage(triage, options, bundle)
    evidence = lab.read_evidence(bundle)
    if "metrics" not in evidence:
        sys.exit("FAILED: no evidence.json in the bundle")
    evidence["run"] = (began, time.time())
    return evidence


class Stamped:
    """A tool that prints a line now and then, each kept with the time it came."""

    def __init__(self, *command):
        environment = dict(os.environ, LC_ALL="C", S_TIME_FORMAT="ISO")
        self.lines = []
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                        env=environment)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((time.time(), line.rstrip("\n")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.reader.join()


def weigh(samples, window):
    """Mean of (begin, end, value) samples, each weighted by how much of it lies in the window."""
    weighted = [(max(0.0, min(end, window[1]) - max(begin, window[0])), value) for begin, end, value in samples]
    total = sum(weight for weight, _ in weighted)
    if not total:
        sys.exit("FAILED: the tool measured nothing while triage did")
    return sum(weight * value for weight, value in weighted) / total


class Comparison:
    """Collects pairs (ours, theirs) by name; `tell` prints them and says whether all agree."""

    def __init__(self, title):
        self.title = title
        self.pairs = {}
        self.limits = {}

    def add(self, name, ours, theirs, absolute=0.0, relative=0.0):
        """They agree within the larger of an absolute difference and a share of theirs."""
        if ours is None:
            sys.exit(f"FAILED: {self.title}: triage does not know {name}")
        self.pairs.setdefault(name, []).append((ours, theirs))
        self.limits[name] = (absolute, relative)

    def tell(self):
        agree = True
        print(f"{self.title}\n  {'':<24} {'triage':>12} {'peer':>12} {'difference':>12} {'allowed':>12}")
        for name, pairs in self.pairs.items():
            absolute, relative = self.limits[name]
            ours, theirs = (statistics.median(side) for side in zip(*pairs))
            difference = statistics.median(our - their for our, their in pairs)
            allowed = max(absolute, relative * abs(theirs))
            good = abs(difference) <= allowed
            agree = agree and good
            print(f"  {name:<24} {ours:12.1f} {theirs:12.1f} {difference:12.1f} {allowed:12.1f}"
                  f"{'' if good else '  FAILED'}")
        return agree
