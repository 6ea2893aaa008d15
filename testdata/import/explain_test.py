#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Text in, verdict out: what people paste must lead to the cause that a person would name.
usage: explain_test.py TRIAGE FOLDER"""
import json
import os
import re
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


def subject(report):
    return report["verdict"]["primary"]["subject"]["name"]


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

# 002: ten threads in state R of one look
report = explain(text("runnable-threads"))
check("R without CPUs", report, lambda r: r["verdict"]["status"] == "inconclusive" and
      fired(r, "top.ready-group") and caveat(r, "--cpus N") and unknown(r, "top.thread-storm"))
report = explain(text("runnable-threads"), options=("--cpus", "2"))
check("R on 2 CPUs", report, lambda r: cause(r) == "thread-storm" and subject(r) == "sysbench")

# 004: 1.3 million switches; processes alone do not show whose
report = explain(text("switches-processes"))
check("pidstat -w", report, lambda r: cause(r) == "thread-storm" and subject(r) != "sysbench" and
      caveat(r, "threads are missing") and caveat(r, "pidstat -wt 1 3") and
      unknown(r, "top.thread-storm") and "pidstat -wut" in r["helps_most"]["command"])
report = explain(text("switches-processes"), options=("--cpus", "2"))
check("pidstat -w, 2 CPUs", report, lambda r: caveat(r, "threads are missing") and
      caveat(r, "more than 2 CPUs can give"))
report = explain(text("switches-threads"))
check("pidstat -wt", report, lambda r: cause(r) == "thread-storm" and subject(r) == "sysbench" and
      fired(r, "top.switching-threads") and not caveat(r, "threads are missing"))
report = explain(text("switches-threads"), options=("--cpus", "2"))
check("pidstat -wt, 2 CPUs", report, lambda r: fired(r, "top.thread-storm") and
      cause(r) == "thread-storm" and subject(r) == "sysbench")

# 000: without the number of CPUs what needs it stays unknown; the storm is told all the same
def is_storm_of_tokio(report):
    others = {(item["role"], item["cause"]) for item in report["verdict"]["contributing"]}
    primary = report["verdict"]["primary"]
    return (cause(report) == "thread-storm" and primary["subject"]["kind"] == "runtime" and
            subject(report) == "tokio" and primary["subject"]["threads"] == 791 and
            ("secondary", "lock-contention") in others and
            ("amplifier", "softirq-pressure") in others and
            report["verdict"]["confidence"] < 0.75)


tokio = text("storm-tokio")
report = explain(tokio)
check("000 without CPUs", report, lambda r: is_storm_of_tokio(r) and
      unknown(r, "vmstat.run-queue") and unknown(r, "top.crowded-pool") and
      caveat(r, "--cpus N") and r["host"]["cpus"] is None and
      r["helps_most"]["command"].startswith("perf sched record"))
for cpus in ("16", "40"):
    report = explain(tokio, options=("--cpus", cpus))
    check(f"000 on {cpus} CPUs", report, lambda r: is_storm_of_tokio(r) and
          fired(r, "vmstat.run-queue") and fired(r, "top.crowded-pool") and severity(r) == "critical")
report = explain(tokio, options=("--cpus", "256"))
check("000 on 256 CPUs", report, lambda r: is_storm_of_tokio(r) and
      not fired(r, "vmstat.run-queue") and not fired(r, "top.crowded-pool"))

# the same in dirt: CRLF, full-width punctuation, prose, prompts, escape sequences
with open(tokio, encoding="utf-8") as file:
    lines = file.read().split("\n")
dirty = {
    "CRLF": "\r\n".join(lines),
    "full-width": "\n".join(lines).replace(":", "\uff1a").replace("(", "\uff08").replace(")", "\uff09"),
    "prose": "\n".join(line if not line.endswith(("-a", "-H", "1", "latency")) else
                       "\nThen I looked, and this is what it said:\n\n" + line for line in lines),
    "prompts": "\n".join("root@gw-1:~# " + line if line.startswith(("vmstat", "top -", "perf "))
                         else line for line in lines),
    "colours": "\n".join(f"\x1b[1;31m{line}\x1b[0m" for line in lines),
    "quotes": "\n".join("> " + line for line in lines),
}
for name, content in dirty.items():
    report = explain("-", stdin=content.encode())
    check(f"000 with {name}", report, is_storm_of_tokio)

# real outputs of tools after what mail, chat, editors, locales and terminals do to text: the same is read
def wrapped(content, width=80):
    return "\n".join(line[at:at + width] for line in content.split("\n") for at in range(0, max(len(line), 1), width))


def with_12_hours(content):
    return re.sub(r"^(\d\d)(:\d\d:\d\d) ", lambda time: f"{(int(time[1]) - 1) % 12 + 1:02}{time[2]} "
                  f"{'AM' if int(time[1]) < 12 else 'PM'} ", content, flags=re.M)


def full_width(content):
    return content.translate(str.maketrans(":()%", "\uff1a\uff08\uff09\uff05"))


def read_of(report):
    return ([(finding["rule"], finding["severity"]) for finding in report["findings"]],
            [item["saw"] for item in report["stages"]])


DIRT = {"CRLF": lambda content: content.replace("\n", "\r\n"), "12 hours": with_12_hours, "full-width": full_width,
        "decimal commas": lambda content: re.sub(r"(?<=\d)\.(?=\d)", ",", content), "wrapped": wrapped,
        "no-break spaces": lambda content: content.replace("  ", " \u00a0"),
        "squeezed": lambda content: re.sub(r"[ \t]+", " ", content),
        "indented": lambda content: re.sub("^", "    ", content, flags=re.M)}
for name in sorted(os.listdir(folder)):
    if not (name.startswith("debian12-") and name.endswith(".txt")):
        continue
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        content = file.read()
    clean = read_of(explain("-", stdin=content.encode()))
    for dirt, make in DIRT.items():
        check(f"{name}, {dirt}", explain("-", stdin=make(content).encode()), lambda r: read_of(r) == clean)

# what is too long is read as far as it may, and that is told; lines without end need no memory without end
with open(text("switches-threads"), "rb") as file:
    content = file.read()
check("64 MiB", explain("-", stdin=content + (b" " * 1023 + b"\n") * (65 << 10)), lambda r: subject(r) == "sysbench" and
      caveat(r, "only the first 64 MiB were read"))
check("lines without end", explain("-", stdin=content + b"\n" * (5 << 20)), lambda r: subject(r) == "sysbench" and
      caveat(r, "only the first 4194304 lines were read"))

# 003 is prose about counters: nothing is made of it
message = explain("-", stdin=("CPU context switches happen when a task leaves the CPU. cs is the number "
                              "of context switches, in that of interrupts.\n").encode(), status=(2,))
check("003", message, lambda m: "nothing in it is known" in m)

# the real tools of Debian 12, of one host that runs sysbench threads
real = [text("debian12-" + part) for part in ("proc-twice", "top-h", "pidstat-wut", "ps")]
report = explain(*real)
check("Debian 12", report, lambda r: cause(r) == "thread-storm" and
      r["findings"][0]["subject"]["name"] == "sysbench")

# a file of perf beside text: each tells its part, and what both tell is told once
perf_texts = [text("perf-" + part) for part in ("script", "report", "sched-latency", "sched-timehist")]


def stage(report, name):
    return next(item for item in report["stages"] if item["name"] == name)


def same_stage(a, b, name):
    return stage(a, name)["saw"] == stage(b, name)["saw"] and stage(a, name)["status"] == stage(b, name)["status"]


for recording, own, words in (("perf/stacks.data", "sched", "text of perf sched was left out"),
                              ("fuzz/perf_data/clock-stacks", "perf", "text of perf script")):
    recording = os.path.join(folder, "..", recording)
    alone = explain(recording)
    for inputs in ([recording, *real, *perf_texts], [*perf_texts, *real, recording]):
        check(f"{recording} beside text", explain(*inputs), lambda r: same_stage(r, alone, own) and
              all(stage(r, name)["status"] in ("ok", "degraded")
                  for name in ("vmstat", "top", "perf", "sched")) and caveat(r, words))

# the scheduler's events as text: the same waits as those of the recording that they are of
def waits_of(report):
    lines = stage(report, "sched")["saw"]
    return ([re.search(r"longest (.*) into the window", line)[1].rsplit(",", 1)[0] for line in lines if "longest" in line],
            [(match[1], match[2]) for match in (re.match(r"(\S+ \(\d+\)).* max (.*)", line) for line in lines) if match])


recorded = explain(os.path.join(folder, "..", "perf", "stacks.data"))
told = explain(text("perf-script-sched"), options=("--cpus", "2"))
check("perf script of sched", told, lambda r: waits_of(r) == waits_of(recorded) and len(waits_of(r)[1]) == 5 and
      stage(r, "sched")["status"] == "degraded" and stage(r, "perf")["status"] == "unavailable" and
      caveat(r, "does not tell interrupts"))

# of two recordings of the same kind the first is told
recording = os.path.join(folder, "..", "perf", "stacks.data")
check("two recordings", explain(recording, os.path.join(folder, "..", "perf", "pipe.data")), lambda r:
      same_stage(r, recorded, "sched") and caveat(r, "another file are told already"))

# what the evidence is made of
for inputs, source in (([text("softirq-flood")], "text"), ([recording], "perf.data"),
                       ([recording, text("softirq-flood")], "text"),
                       ([os.path.join(folder, "..", "proc", "storm")], "recorded")):
    check(f"input of {inputs}", explain(*inputs), lambda r: r["self"]["input"] == source)

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

    # one bad file of a folder does not hide the others; alone it is the error
    with open(os.path.join(work, "perf.data"), "wb") as out:
        out.write(open(os.path.join(folder, "..", "perf", "stacks.data"), "rb").read()[:5000])
    with open(os.path.join(work, "core"), "wb") as out:
        out.write(b"\x7fELF\0\0\0\0")
    check("a bad file among others", explain(work), lambda r: cause(r) == cause(folder_report) and
          caveat(r, "perf.data") and caveat(r, "core\" is neither text nor perf.data"))
    bad = os.path.join(work, "bad")
    os.mkdir(bad)
    os.rename(os.path.join(work, "perf.data"), os.path.join(bad, "perf.data"))
    check("a bad file alone", explain(bad, status=(2,)), lambda m: "truncated" in m)

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
