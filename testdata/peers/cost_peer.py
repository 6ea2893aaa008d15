#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A pass of triage over 10,000 threads costs at most a quarter of one `top -H -b -n1`.

Both are measured in turn, as the CPU time of the program; what each takes on the host without the threads
is taken off, so that what remains is the threads' part. triage's top stage makes two full passes and one
over the candidates, which is counted in.
"""

import os
import statistics
import subprocess
import sys

import peer

TURNS = 5
FULL_PASSES = 2
MOST_OF_TOP = 0.25


def cpu_ms(command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=dict(os.environ, TERM="dumb", COLUMNS="200"))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3):
        sys.exit(f"FAILED: {' '.join(command)}: exit {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def measure(*commands):
    """Medians of the commands' CPU times, measured in turn."""
    turns = [[cpu_ms(command) for command in commands] for _ in range(TURNS)]
    return [statistics.median(column) for column in zip(*turns)]


def main():
    triage = os.environ.get("TRIAGE_RELEASE", "")
    if not os.access(triage, os.X_OK):
        peer.skip("needs the release build, in TRIAGE_RELEASE")
    peer.need("top")
    triage = os.path.abspath(triage)
    ours = [triage, "run", "--stage", "top", "--json", "--no-bundle"]
    theirs = ["top", "-H", "-b", "-n", "1"]
    base = measure(ours, theirs)
    with peer.start_load("pool") as load:
        cost = measure(ours, theirs)
        threads = peer.run_triage(triage, load, "--stage", "top")["metrics"].get("top.threads") or 0
        load.check_alive()
    if threads < 10000:
        sys.exit(f"FAILED: triage saw {threads:.0f} threads: what it did not read costs nothing")
    pass_ms = (cost[0] - base[0]) / FULL_PASSES
    top_ms = cost[1] - base[1]
    ratio = pass_ms / top_ms
    print(f"triage: {cost[0]:.0f} ms of CPU, {base[0]:.0f} ms without the threads: {pass_ms:.0f} ms a pass")
    print(f"top -H: {cost[1]:.0f} ms of CPU, {base[1]:.0f} ms without the threads: {top_ms:.0f} ms")
    print(f"ratio {ratio:.2f}, allowed {MOST_OF_TOP:.2f}{'' if ratio <= MOST_OF_TOP else '  FAILED'}")
    return 0 if ratio <= MOST_OF_TOP else 1


if __name__ == "__main__":
    sys.exit(main())
