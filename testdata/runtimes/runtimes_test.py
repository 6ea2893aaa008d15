#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What triage's perf stage makes of real runtimes: whose functions are whose, and what a map of run-time code changes.

    runtimes_test.py TRIAGE

Shares are compared, not CPU times: the machine may be busy with other things. A runtime that is not installed is passed over.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

TRIAGE, HERE = os.path.realpath(sys.argv[1]), os.path.dirname(os.path.realpath(__file__))
SAMPLES_LEAST = 20
failures, ran = [], []


def check(right, *words):
    if not right:
        failures.append(" ".join(map(str, words)))
        print("FAILED:", *words)


def groups_of(evidence):
    """The rows of perf.groups, wherever the document has them."""
    if isinstance(evidence, dict):
        for key, value in evidence.items():
            found = value if key == "perf.groups" else groups_of(value)
            if found is not None:
                return found
    return None


def sample():
    """The groups that a few seconds of the perf stage see."""
    if os.path.exists("run.tar.zst"):
        os.remove("run.tar.zst")
    done = subprocess.run([TRIAGE, "run", "--stage", "perf", "-d", "6", "-q", "--exit-zero", "-o", "run.tar.zst"],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    check(done.returncode in (0, 3), "triage run:", done.returncode, done.stderr[-300:])
    text = subprocess.run(["tar", "--zstd", "-xOf", "run.tar.zst", "evidence.json"], capture_output=True, timeout=60,
                          check=True).stdout
    return groups_of(json.loads(text)) or []


def group(rows, program, thread, what):
    rows = [row for row in rows if row.get("program") == program and row.get("thread") == thread]
    if not rows or rows[0]["samples"] < SAMPLES_LEAST:
        print(f"{what}: too few samples on a busy machine")
        return None
    ran.append(what)
    return rows[0]


class Load:
    def __init__(self, *command, seconds=3):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        time.sleep(seconds)

    def __enter__(self):
        return self.process.pid

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def python():
    with Load(sys.executable, os.path.join(HERE, "threads.py"), seconds=1) as pid:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            comm = file.read().strip()
        row = group(sample(), comm, comm, "Python")
    if row:
        check(row["threads"] >= 4, "threads of", row)
        check("PyEval" in row["function"] or row["function_pct"] < 50, "hottest function of", row)
        check("PyEval" not in row.get("own_function", "") and "vectorcall" not in row.get("own_function", ""),
              "the interpreter is not the program's own:", row)


def jvm():
    if not shutil.which("javac") or not shutil.which("jcmd"):
        print("JVM: not installed")
        return
    subprocess.run(["javac", "-d", ".", os.path.join(HERE, "Trees.java")], check=True, timeout=120)
    with Load("java", "-Xmx256m", "-cp", ".", "Trees", seconds=4) as pid:
        row = group(sample(), "java", "maker", "JVM without a map")
        subprocess.run(["jcmd", str(pid), "Compiler.perfmap"], capture_output=True, check=False, timeout=60)
        mapped = group(sample(), "java", "maker", "JVM with a map")
        path = f"/tmp/perf-{pid}.map"
        made = os.path.exists(path)
        if made:
            os.remove(path)
    if row:
        check(row["unnamed_pct"] > 50, "names without a map:", row)
        check("own_function" not in row, "nobody's function is its own:", row)
    if mapped and made:
        check("Trees.tree" in mapped["function"], "hottest function with a map:", mapped)
        check("Trees" in mapped.get("own_function", "Trees"), "own function with a map:", mapped)
        check(mapped["unnamed_pct"] < 50, "names with a map:", mapped)


def node():
    if not shutil.which("node"):
        print("Node: not installed")
        return
    with Load("node", "--perf-basic-prof", os.path.join(HERE, "trees.js")) as pid:
        row = group(sample(), "node", "node", "Node")
        if os.path.exists(f"/tmp/perf-{pid}.map"):
            os.remove(f"/tmp/perf-{pid}.map")
    if row:
        check("makeTree" in row["function"] or "makeTree" in row.get("own_function", "makeTree"), "functions of", row)
        check(row["gc_pct"] > 0, "no garbage collection in", row)


def main():
    if os.geteuid() != 0:
        print("skipped: needs root")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for case in (python, jvm, node):
            case()
        os.chdir("/")
    print(", ".join(ran) or "nothing ran", f": {len(failures)} failures")
    return 1 if failures else 0 if ran else 77


sys.exit(main())
