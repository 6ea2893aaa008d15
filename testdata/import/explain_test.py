#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Text in, verdict out: what people paste must lead to the cause that a person would name.
usage: explain_test.py TRIAGE FOLDER"""
import json
import os
import subprocess
import sys
import tempfile

triage, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
failed = []


def explain(*inputs, stdin=None, options=(), status=(0, 1, 3)):
    command = [triage, "explain", "--json", *options, *inputs]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=120)
    if done.returncode not in status:
        failed.append(f"{command}: exit {done.returncode}: {done.stderr[:200]}")
        return None
    return json.loads(done.stdout) if done.returncode in (0, 1, 3) else done.stderr.decode()


def text(name):
    return os.path.join(folder, name + ".txt")


def check(name, report, true):
    if report is not None and not true(report):
        headline = report["verdict"]["headline"] if isinstance(report, dict) else report
        failed.append(f"{name}: {headline}")


def cause(report):
    primary = report["verdict"]["primary"]
    return primary["cause"] if primary else None


def fired(report, rule):
    return any(finding["rule"] == rule for finding in report["findings"])


def severity(report):
    return report["findings"][0]["severity"] if report["findings"] else None


def caveat(report, words):
    return any(words in line for line in report["self"]["window_losses"])


def unknown(report, rule):
    return any(item["rule"] == rule for item in report["unknown"])


# 001: softirqs on both CPUs, ksoftirqd only 7 %
report = explain(text("softirq-flood"))
check("softirq", report, lambda r: cause(r) == "softirq-pressure" and fired(r, "top.ksoftirqd"))
check("softirq si", report, lambda r: fired(r, "vmstat.softirq-time"))

# 002: a disk that answers late, with 28 blocked; and 99 threads at one lock
report = explain(text("slow-disk"))
check("disk", report, lambda r: cause(r) == "io-saturation" and severity(r) == "critical" and
      r["findings"][0]["subject"]["name"] == "vda" and fired(r, "vmstat.iowait"))
report = explain(text("stuck-lock"))
check("lock", report, lambda r: cause(r) == "blocked-on-lock" and severity(r) == "critical" and
      fired(r, "top.blocked-on-lock") and caveat(r, "looked at once"))
report = explain(text("runnable-threads"), text("slow-disk"))
check("two files", report, lambda r: cause(r) == "io-saturation")

# 004: 1.3 million switches; processes alone do not show whose
report = explain(text("switches-processes"))
check("pidstat -w", report, lambda r: cause(r) == "thread-storm" and
      caveat(r, "threads are missing") and caveat(r, "pidstat -wt 1 3") and
      unknown(r, "top.thread-storm"))
report = explain(text("switches-threads"))
check("pidstat -wt", report, lambda r: cause(r) == "thread-storm" and
      not caveat(r, "threads are missing"))
report = explain(text("switches-threads"), options=("--cpus", "2"))
check("pidstat -wt, 2 CPUs", report, lambda r: fired(r, "top.thread-storm") and
      r["findings"][0]["subject"]["program"] == "sysbench" or cause(r) == "thread-storm")

# 000: without the number of CPUs what needs it stays unknown
report = explain(text("storm-tokio"))
check("000 without CPUs", report, lambda r: unknown(r, "vmstat.run-queue") and
      caveat(r, "--cpus N") and r["host"]["cpus"] is None)
report = explain(text("storm-tokio"), options=("--cpus", "16"))
check("000", report, lambda r: fired(r, "vmstat.run-queue") and severity(r) == "critical")

# the real tools of Debian 12, of one host that runs sysbench threads
real = [text("debian12-" + part) for part in ("proc-twice", "top-h", "pidstat-wut", "ps")]
report = explain(*real)
check("Debian 12", report, lambda r: cause(r) == "thread-storm" and
      r["findings"][0]["subject"]["name"] == "sysbench")

# a folder, a pipe and files give the same
with tempfile.TemporaryDirectory() as work:
    joined = b""
    for at, part in enumerate(real):
        content = open(part, "rb").read()
        joined += content
        with open(os.path.join(work, f"{at:02}.txt"), "wb") as out:
            out.write(content)
    os.mkfifo(os.path.join(work, "zz.fifo"))
    os.symlink("/etc/passwd", os.path.join(work, "zz.link"))
    folder_report = explain(work)
    check("folder", folder_report, lambda r: r == report)
    check("standard input", explain("-", stdin=joined), lambda r: cause(r) == "thread-storm")

    # refusals
    for stdin, words in ((b"", "nothing in it is known"), (b"Dear all,\n", "nothing in it is known"),
                         (b"\0\0\0\0", "bundle")):
        message = explain("-", stdin=stdin, status=(2,))
        check(f"refusal of {stdin}", message, lambda m: words in m)
    empty = os.path.join(work, "empty")
    os.mkdir(empty)
    message = explain(empty, status=(2,))
    check("empty folder", message, lambda m: "no recorded tree" in m)
message = explain(text("stuck-lock"), options=("--cpus", "none"), status=(2,))
check("--cpus", message, lambda m: "--cpus" in m)

for line in failed:
    print("FAILED:", line)
print("ok" if not failed else f"{len(failed)} failed")
sys.exit(1 if failed else 0)
