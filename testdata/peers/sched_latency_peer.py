#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The sched model and `perf sched latency -p` on the same recordings: switches, run time, average and longest
delay per task agree.

    sched_latency_peer.py SCHED_TASKS

perf 6.1 reads sched_wakeup, not the sched_waking that its own `sched record` writes, so the recordings here are
made with sched_wakeup. What remains different is explained by a rule of lib/model/sched.h and counted:
  - perf counts a delay of 0 for a thread whose first event is a switch to it (an unknown start here);
  - it counts no waits of threads that were preempted, but a wakeup that arrives during such a wait starts one;
  - a wait that a missing record cuts is counted by it to whenever the thread runs next;
  - a thread without run time in either count has run unseen: its own records are missing from the file (some
    virtual machines hide the switches of a few threads), and each count fills the gap in its own way.
"""

import os
import re
import subprocess
import sys
import tempfile

import peer

EVENTS = ("sched:sched_wakeup,sched:sched_wakeup_new,sched:sched_switch,sched:sched_migrate_task,"
          "sched:sched_stat_runtime")
LOADS = {
    "threads": ["sysbench", "--threads=8", "--time=1", "threads", "run"],
    "messaging": ["perf", "bench", "sched", "messaging", "-g", "2", "-l", "100"],
    "mixed": ["stress-ng", "--cpu", "2", "--switch", "2", "--timer", "1", "-t", "1"],
    "idle": ["sleep", "1"],
}
ROW = re.compile(r"^\s*(.+?):(\d+)\s*\|\s*([\d.]+) ms \|\s*(\d+) \| avg:\s*([\d.]+) ms \| max:\s*([\d.]+) ms")
AGREE_PCT = 95


def run(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          check=False, **options)


def record(load, path):
    done = run(["perf", "record", "-q", "-a", "-c", "1", "-m", "4M", "-e", EVENTS, "-o", path, "--", *load], timeout=60)
    if not os.path.exists(path):
        peer.skip(f"perf record: {done.stderr.strip().splitlines()[-1:]}")


def perf_tasks(path):
    """{tid: (runtime_ms, count, avg_ms, max_ms)}"""
    lines = run(["perf", "sched", "latency", "-p", "-i", path], timeout=120).stdout.splitlines()
    rows = filter(None, map(ROW.match, lines))
    return {int(row[2]): (float(row[3]), int(row[4]), float(row[5]), float(row[6])) for row in rows}


def our_tasks(program, path):
    """{tid: what sched_tasks prints, as numbers}"""
    done = run([program, path], timeout=120)
    if done.returncode:
        sys.exit(f"FAILED: {done.stderr.strip()}")
    tasks = {}
    for line in done.stdout.splitlines():
        tid = int(line.split(" ", 1)[0])
        waits, runtime, rest = line.rsplit("|", 3)[1:]
        count, total, longest = map(int, waits.split())
        preempted, unknown, cut, waiting = map(int, rest.split())
        tasks[tid] = {"count": count, "sum_ms": total / 1e6, "max_ms": longest / 1e6, "runtime_ms": int(runtime) / 1e6,
                      "preempted": preempted, "unknown": unknown, "cut": cut + waiting}
    return tasks


def agrees(ours, theirs):
    """perf rounds to microseconds; a first switch without a wakeup is a delay of 0 to it."""
    runtime, count, average, longest = theirs
    if abs(ours["runtime_ms"] - runtime) > 0.0015 or abs(ours["max_ms"] - longest) > 0.0015:
        return False
    for extra in range(min(ours["unknown"], 1) + 1):
        if ours["count"] + extra == count:
            return abs(ours["sum_ms"] / max(count, 1) - average) <= 0.0015
    return False


def compare(name, program, folder):
    """Returns (agreeing, explained, unexplained) task counts; what can't be explained must come up twice."""
    counts = compare_once(name, program, folder)
    return compare_once(name, program, folder) if counts[2] else counts


def compare_once(name, program, folder):
    path = os.path.join(folder, f"{name}.data")
    if os.path.exists(path):
        os.unlink(path)
    record(LOADS[name], path)
    theirs, ours = perf_tasks(path), our_tasks(program, path)
    agreeing = explained = 0
    wrong = []
    for tid, row in theirs.items():
        mine = ours.get(tid)
        if mine and agrees(mine, row):
            agreeing += 1
        elif mine and (mine["cut"] or mine["preempted"] or mine["unknown"] or mine["runtime_ms"] == row[0] == 0):
            explained += 1
        else:
            wrong.append((tid, mine, row))
    print(f"{name}: {agreeing} of {len(theirs)} tasks agree, {explained} differ by a documented rule, {len(wrong)} do not")
    for line in wrong[:5]:
        print("   ", *line)
    return agreeing, explained, len(wrong)


def main():
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(f"usage: {sys.argv[0]} SCHED_TASKS")
    peer.need("perf", "sysbench", "stress-ng")
    if os.geteuid() != 0:
        peer.skip("needs root")
    if not any(os.path.exists(f"/sys/kernel/{at}/events/sched") for at in ("tracing", "debug/tracing")):
        peer.skip("tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        sums = [sum(column) for column in zip(*(compare(name, sys.argv[1], folder) for name in LOADS))]
    agreeing, explained, wrong = sums
    share = 100 * agreeing / max(sum(sums), 1)
    print(f"all: {share:.1f} % agree (at least {AGREE_PCT} % wanted), {explained} explained, {wrong} unexplained")
    return 0 if share >= AGREE_PCT and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
