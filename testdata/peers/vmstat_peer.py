#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""triage's vmstat stage agrees with vmstat(8).

vmstat counts interrupts as sy and rounds to whole percent. Its r is one reading a second, itself left out;
triage's is the median of readings within its window, itself left out.
"""

import statistics
import sys
import time

import peer

LOOKS = 3


def read_samples(lines):
    """(begin, end, {column: value}) of each line of `vmstat -n 1` but the first, which is since boot."""
    columns, begin, samples = [], None, []
    for stamp, line in lines:
        words = line.split()
        if words[:2] == ["r", "b"]:
            columns = words
        elif columns and words and words[0].isdigit():
            if begin:
                samples.append((begin, stamp, dict(zip(columns, map(float, words)))))
            begin = stamp
    return samples


def add_look(comparison, evidence, samples):
    metrics = evidence["metrics"]
    begin = metrics["host.time_unix_s"]
    window = (begin, begin + evidence["stages"]["vmstat"]["duration_s"])

    def theirs(column):
        return peer.weigh([(start, end, values[column]) for start, end, values in samples], window)

    interrupts = (metrics.get("vmstat.hi_pct") or 0) + (metrics.get("vmstat.si_pct") or 0)
    comparison.add("us %", metrics.get("vmstat.us_pct"), theirs("us"), absolute=5)
    comparison.add("sy + hi + si %", metrics["vmstat.sy_pct"] + interrupts, theirs("sy"), absolute=5)
    comparison.add("id %", metrics.get("vmstat.id_pct"), theirs("id"), absolute=5)
    comparison.add("wa %", metrics.get("vmstat.wa_pct"), theirs("wa"), absolute=5)
    comparison.add("st %", metrics.get("vmstat.st_pct"), theirs("st"), absolute=5)
    comparison.add("cs per s", metrics.get("vmstat.cs_per_s"), theirs("cs"), absolute=300, relative=0.15)
    comparison.add("in per s", metrics.get("vmstat.in_per_s"), theirs("in"), absolute=100, relative=0.15)
    r_of_all = statistics.median(values["r"] for _, _, values in samples)
    comparison.add("r", metrics.get("vmstat.r"), r_of_all, absolute=2, relative=0.3)
    comparison.add("b", metrics.get("vmstat.b"), statistics.median(values["b"] for _, _, values in samples), absolute=2)


def compare(triage, name):
    comparison = peer.Comparison(f"vmstat beside load {name}")
    with peer.start_load(name) as load:
        time.sleep(1)
        for _ in range(LOOKS):
            with peer.Stamped("vmstat", "-n", "1") as vmstat:
                time.sleep(2.2)
                evidence = peer.run_triage(triage, load, "--stage", "vmstat")
                time.sleep(1.2)
            add_look(comparison, evidence, read_samples(vmstat.lines))
        load.check_alive()
    return comparison.tell()


def main():
    triage = peer.triage_path()
    peer.need("vmstat", "sysbench", "stress-ng")
    verdicts = [peer.confirmed(compare, triage, name) for name in ("threads", "mixed")]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
