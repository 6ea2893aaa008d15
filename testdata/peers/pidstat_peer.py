#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""triage's groups agree with pidstat(1) and ps(1) about the threads of a load.

pidstat -t prints a line per thread; summed over the load's threads they are a row of top.groups. Switches:
pidstat adds nvcswch and cswch (nonvoluntary_ctxt_switches, voluntary_ctxt_switches), which count a thread
leaving the CPU to another one; triage reads the third field of schedstat, which counts it being put on the
CPU. The two differ by at most one for each thread, and yields that come back to the same thread are in neither.
pidstat leaves out threads that did nothing, so the number of threads comes from ps.
"""

import subprocess
import sys
import time

import peer

LOOKS = 3
WINDOW_BUDGET_S = "18"  # of which the top stage takes about two: longer than pidstat's second, which may be cut by steal


def read_samples(lines, comm):
    """(begin, end, {column: sum over threads called comm}) of each block of `pidstat -h -t -u -w 1`."""
    columns, stamps, blocks = [], [], []
    for stamp, line in lines:
        if line.startswith("#"):
            columns = line[1:].split()
            blocks.append({"%CPU": 0.0, "cswch/s": 0.0, "nvcswch/s": 0.0})
            stamps.append(stamp)
            continue
        words = line.split()
        if not columns or len(words) < len(columns):
            continue
        cells = dict(zip(columns, words))
        if cells["TID"] != "-" and cells["Command"].rpartition("__")[2] == comm:
            for column in blocks[-1]:
                blocks[-1][column] += float(cells[column])
    begins = [stamp - 1 for stamp in stamps[:1]] + stamps
    return list(zip(begins, stamps, blocks))


def count_threads(comm):
    listed = subprocess.run(["ps", "-eLo", "comm="], capture_output=True, text=True, check=True).stdout
    return sum(line.strip() == comm for line in listed.splitlines())


def find_group(evidence, program, comm):
    """Sum of the rows of top.groups with this thread name."""
    rows = [row for row in evidence["tables"].get("top.groups", [])
            if row.get("program") == program and row.get("thread") == comm]
    if not rows:
        sys.exit(f"FAILED: top.groups has no row for {program}/{comm}")
    return {key: sum(row.get(key) or 0 for row in rows)
            for key in ("threads", "cpu_pct", "switches_per_s", "voluntary_per_s", "involuntary_per_s")}


def add_look(comparison, group, samples, window, threads):
    def theirs(*columns):
        return peer.weigh([(begin, end, sum(values[column] for column in columns))
                           for begin, end, values in samples], window)

    comparison.add("threads", group["threads"], threads)
    comparison.add("CPU %", group["cpu_pct"], theirs("%CPU"), absolute=10, relative=0.1)
    comparison.add("switches per s", group["switches_per_s"], theirs("cswch/s", "nvcswch/s"), absolute=50,
                   relative=0.25)
    split = group["voluntary_per_s"] + group["involuntary_per_s"]
    comparison.add("voluntary + involuntary", split, theirs("cswch/s", "nvcswch/s"), absolute=50, relative=0.25)


def compare(triage, name, program, comm):
    comparison = peer.Comparison(f"pidstat beside load {name}")
    with peer.start_load(name) as load:
        time.sleep(1)
        for _ in range(LOOKS):
            with peer.Stamped("stdbuf", "-oL", "pidstat", "-h", "-t", "-u", "-w", "1") as pidstat:
                time.sleep(1.5)
                evidence = peer.run_triage(triage, load, "--stage", "top", "-d", WINDOW_BUDGET_S)
                threads = count_threads(comm)
                time.sleep(1.2)
            add_look(comparison, find_group(evidence, program, comm), read_samples(pidstat.lines, comm),
                     evidence["run"], threads)
        load.check_alive()
    return comparison.tell()


def main():
    triage = peer.triage_path()
    peer.need("pidstat", "ps", "stdbuf", "sysbench", "stress-ng")
    verdicts = [peer.confirmed(compare, triage, "threads", "sysbench", "sysbench"),
                peer.confirmed(compare, triage, "compute", "stress-ng-cpu", "stress-ng-cpu")]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
