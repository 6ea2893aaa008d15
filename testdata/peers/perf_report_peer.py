#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""triage's perf stage agrees with `perf record -a -g` and `perf report`, run beside it on the same load: the share of
each function itself, of each function with what it calls, and of each class of functions.

Two samplers never take the same samples. They may differ by sampling error (4 standard deviations of the difference of
two binomial shares) and by 2 points for what samples a few milliseconds apart have in common. Both follow frame
pointers here: what triage unwinds beyond them has no match in perf.

Rules of comparison: idle samples are left out on both sides, and triage's own; functions without a name are not
compared, names without what the compiler and the linker add; the classes of a frame come from rules/symbols.jsonc, read
here anew.
"""

import collections
import fnmatch
import functools
import json
import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import peer

RULES = pathlib.Path(__file__).resolve().parents[2] / "rules" / "symbols.jsonc"
# Loads whose mix stays the same: the two windows overlap, but are not one. A contended mutex changes from second to second.
LOADS = ("tight-loop", "dd-checksum", "syn-flood")
BUDGET_S = 16  # of all stages: the perf stage looks for a quarter of it
SAMPLE_HZ = 499
SIGMAS = 4
POINTS = 2.0
LEAST_PCT = 3.0
FEW_SAMPLES = 500
ADDED = re.compile(r"^__pi_|(\.(isra|part|constprop|cold|llvm|lto_priv)(\.\d+)*|@.*| \[clone .*\])+$")
# `perf report -t |`: percentages, comm, symbol as in "[k] do_futex"; perf script: one header a sample, then its frames.
HEADER = re.compile(r"^(?P<comm>.+?)\s+(?P<tid>-?\d+)\s+(?P<period>\d+)\s*$")
FRAME = re.compile(r"^\s+(?P<ip>[0-9a-f]+) (?P<symbol>.+) \((?P<module>[^()]*(\([^()]*\))?[^()]*)\)$")


def plain(name):
    """A function's name without what the compiler and the linker add, and without the kernel's alias for early boot."""
    return ADDED.sub("", name)


def has_name(function):
    """perf tells the address of what has no name, triage the file and an offset: nothing to compare."""
    return not re.search(r"(^|\+)0x[0-9a-f]+$|^\[unknown\]$", function)


# ---- what perf saw ---------------------------------------------------------------------------------------


class Recording:
    """perf record of all CPUs for as long as the block runs."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.process = subprocess.Popen(
            ["perf", "record", "-q", "-a", "-g", "-F", str(SAMPLE_HZ), "-o", self.path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(0.2)
        if self.process.poll() is not None:
            peer.skip(f"perf record: {self.process.stderr.read().strip()}")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)


def perf(*arguments):
    done = subprocess.run(["perf", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          env=dict(os.environ, LC_ALL="C"), check=False)
    if done.returncode:
        sys.exit(f"FAILED: perf {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def perf_samples(path):
    """(comm, period, [(function, module, in kernel)], leaf first) of each sample."""
    samples, frames = [], None
    for line in perf("script", "-i", path, "--no-inline", "-F", "comm,tid,period,ip,sym,dso"):
        frame = FRAME.match(line)
        if frame and frames is not None:
            kernel = int(frame["ip"], 16) >= 1 << 63
            frames.append((plain(frame["symbol"]), frame["module"], kernel))
        elif header := HEADER.match(line):
            frames = []
            samples.append((header["comm"].strip(), int(header["period"]), frames))
    return samples


def report_shares(path, children):
    """{(comm, function): percent of all samples} of perf report, whose first column is the one that is sorted by."""
    options = ["--children"] if children else ["--no-children"]
    shares = collections.Counter()
    for line in perf("report", "-i", path, "--stdio", "--no-inline", "-g", "none", "-t", "|", "--sort", "comm,symbol",
                     "--percent-limit", "0", *options):
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("#") or len(cells) < 3 or not cells[0].endswith("%"):
            continue
        comm, symbol = cells[2:4] if children else cells[1:3]
        shares[comm, plain(re.sub(r"^\[.\] ", "", symbol))] += float(cells[0].rstrip("%"))
    return shares


# ---- classes ---------------------------------------------------------------------------------------------


class Classes:
    """rules/symbols.jsonc, as its header says."""

    def __init__(self):
        text = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda match: match[1] or "", RULES.read_text(encoding="utf-8"))
        self.rows = [row for row in json.loads(text)["symbols"] if "class" in row]

    @functools.lru_cache(maxsize=None)
    def of_frame(self, frame, leaf):
        return frozenset(row["class"] for row in self.rows
                         if "all" not in row and (leaf or row.get("at") != "leaf") and self._matches(row, frame))

    @staticmethod
    def _matches(row, frame):
        function, module, kernel = frame
        globs = row.get("kernel" if kernel else "user", [])
        file = os.path.basename(module)
        if "module" in row and not any(fnmatch.fnmatchcase(file, glob) for glob in row["module"]):
            return False
        if "kernel" not in row and "user" not in row:
            return not kernel
        return any(fnmatch.fnmatchcase(function, glob) for glob in globs)

    def of_stack(self, frames):
        found = set()
        for depth, frame in enumerate(frames):
            found |= self.of_frame(frame, depth == 0)
        for row in self.rows:
            if "all" in row and found.issuperset(row["all"]):
                found.add(row["class"])
        return found


class Theirs:
    """Shares of the busy samples, in percent, as perf has them."""

    def __init__(self, path, classes):
        self.busy_samples = 0
        everything = busy = 0
        self.class_pct = collections.Counter()
        left_out = collections.Counter()
        for comm, period, frames in perf_samples(path):
            everything += period
            found = classes.of_stack(frames)
            if comm == "triage" or (comm == "swapper" and ("idle" in found or not frames)):
                leaf = frames[0][0] if frames else "[unknown]"
                left_out[comm, leaf] += period
                continue
            busy += period
            self.busy_samples += 1
            self.class_pct.update(dict.fromkeys(found, period))
        if self.busy_samples < FEW_SAMPLES:
            peer.skip(f"only {self.busy_samples} samples came")
        self.class_pct = {name: 100 * period / busy for name, period in self.class_pct.items()}
        scale = everything / busy
        self.self_pct = self._merge(report_shares(path, False), scale, left_out)
        self.total_pct = self._merge(report_shares(path, True), scale, left_out)

    @staticmethod
    def _merge(shares, scale, left_out):
        merged = collections.Counter()
        for (comm, function), pct in shares.items():
            if comm != "triage" and (comm, function) not in left_out:
                merged[function] += pct * scale
        return merged


# ---- what triage saw -------------------------------------------------------------------------------------


def our_functions(evidence):
    """{function: (self_pct, total_pct)}; the same name in two files is one to perf's `--sort symbol`, too."""
    functions = collections.defaultdict(lambda: (0.0, 0.0))
    for row in evidence["tables"]["perf.functions"]:
        own, total = functions[plain(row["name"])]
        functions[plain(row["name"])] = (own + row["self_pct"], total + row["total_pct"])
    return functions


def allowed(ours, theirs, samples):
    """Points that two samplers with so many samples may differ by."""
    share = min(max((ours + theirs) / 200, 0.0), 1.0)
    return POINTS + SIGMAS * 100 * math.sqrt(share * (1 - share) * sum(1 / count for count in samples))


def compare(triage, name, classes):
    comparison = peer.Comparison(f"perf report beside load {name}: percent of the busy samples")
    with peer.start_load(name) as load, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        time.sleep(1)
        path = os.path.join(folder, "perf.data")
        with Recording(path):
            evidence = peer.run_triage(triage, load, "--stage", "perf", "--call-graph", "fp", "-d", str(BUDGET_S))
        load.check_alive()
        theirs = Theirs(path, classes)
    if evidence["metrics"].get("perf.busy_samples") is None:
        peer.skip(f"no perf stage: {evidence.get('stages', {}).get('perf')}")
    samples = (evidence["metrics"]["perf.busy_samples"], theirs.busy_samples)

    def add(label, ours_pct, theirs_pct):
        if max(ours_pct, theirs_pct) >= LEAST_PCT:
            comparison.add(label, ours_pct, theirs_pct, absolute=allowed(ours_pct, theirs_pct, samples))

    ours = our_functions(evidence)
    for function in sorted(filter(has_name, set(ours) | set(theirs.self_pct))):
        add(function[:40], ours[function][0] if function in ours else 0.0, theirs.self_pct[function])
    for function in sorted(filter(has_name, ours)):
        add(function[:34] + ", total", ours[function][1], theirs.total_pct[function])
    for cls in sorted({row["class"] for row in classes.rows}):
        if (mine := evidence["metrics"].get(f"perf.{cls}_pct")) is not None:
            add(f"class {cls}", mine, theirs.class_pct.get(cls, 0.0))
    return comparison.tell()


def main():
    triage = peer.triage_path()
    peer.need("perf")
    if os.geteuid() != 0:
        peer.skip("needs root")
    classes = Classes()
    verdicts = [peer.confirmed(compare, triage, name, classes) for name in LOADS]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
