#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""triage export --as chrome-trace: of recorded files, of bundles, and with --live of what perf records now.

    chrome_test.py TRIAGE PERF_FILES [--live]

Every trace passes check.py. The slices of the CPUs are those that `perf script` tells of the same file, to the nanosecond.
"""
import collections
import copy
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
import check as checker  # noqa: E402

TRIAGE, FILES = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
CPUS = 4194304
SWITCH = re.compile(r"\[(\d+)\]\s+(\d+)\.(\d{9}):\s+sched:sched_switch:.*prev_pid=(\d+) .*==> .*next_pid=(\d+) ")
EXCERPT = """# triage-sched/1
about 20 1000 9000 0
name 10 10 server
name 20 10 worker
name 30 30 other
switch 500 0 0 R 10
wakeup 1000 0 t 10 20 0
switch 2000 0 10 S 30
wakeup 4000 1 s 0 10 1
wakeup 5000 0 s 30 10 0
switch 9000 0 30 R+ 20
switch 9500 1 0 R 10
switch 9800 0 20 D 30
wakeup 11000 1 t 10 20 0
lost 12000 0 7
switch 13000 0 7 S 20
switch 14000 1 10 S 0
"""
HOSTILE = ["</script>", "\"};x{\"", "\\", "\x1b[31m\x07", "\u202e", "%s%n"]
failures = []


def check(right, *words):
    if not right:
        failures.append(" ".join(map(str, words)))
        print("FAILED:", *words)


def run(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False, **options)


def export(path, *options, status=0):
    done = run([TRIAGE, "export", path, "--as", "chrome-trace", *options])
    check(done.returncode == status, "exit", done.returncode, "of export", path, options, done.stderr[:300])
    return done.stdout.decode() if status == 0 else done.stderr.decode()


def trace_of(path, *options):
    text = export(path, *options)
    try:
        return checker.load(text)
    except (checker.Refused, ValueError) as why:
        check(False, path, why)
        sys.exit(1)


def make_bundle(path, files):
    manifest = {"schema": "triage-bundle/1", "tool": {"version": "0.1.0"}, "host": "db1",
                "created": "2026-07-31T12:00:00Z", "dropped": 0,
                "files": [{"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                          for name, data in files.items()]}
    with tarfile.open(path, "w:gz") as archive:
        for name, data in [("manifest.json", json.dumps(manifest).encode()), *files.items()]:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def cpu_slices(trace):
    """{(cpu, begin, end, tid)} of runs that were seen to begin and to end."""
    found = set()
    for event in trace.document["traceEvents"]:
        if event["ph"] != "X" or event["pid"] != CPUS or event["tid"] == CPUS:
            continue
        if event["args"]["then"] in ("not seen", "the trace ends", "nobody watches"):
            continue
        begin = checker.ns(event["ts"], "ts")
        found.add((event["tid"] - CPUS - 1, begin, begin + checker.ns(event["dur"], "dur"), event["args"]["tid"]))
    return found


# ---- beside perf ----

def perf_slices(path, start_ns):
    done = run(["perf", "script", "--ns", "-i", path, "-F", "cpu,time,event,trace"])
    lines = filter(None, map(SWITCH.search, done.stdout.decode(errors="replace").splitlines()))
    runs, found, switches = {}, set(), 0
    for line in lines:
        cpu, now, leaves, comes = int(line[1]), int(line[2] + line[3]), int(line[4]), int(line[5])
        since, tid = runs.get(cpu, (0, 0))
        if tid and tid == leaves:
            found.add((cpu, since - start_ns, now - start_ns, tid))
        runs[cpu] = (now, comes)
        switches += 1
    return found, switches


def same_as_perf(path):
    trace = trace_of(path)
    ours = cpu_slices(trace)
    check(ours, "no slices of", path)
    if run(["sh", "-c", "command -v perf"]).returncode:
        print("without perf: slices are not compared")
        return trace
    theirs, switches = perf_slices(path, int(trace.document["otherData"]["start_ns"]))
    check(switches > 20, "perf script tells", switches, "switches of", path)
    check(ours == theirs, path, len(ours), "slices, perf has", len(theirs), sorted(ours ^ theirs)[:4])
    return trace


def recorded_files():
    for name in "sleep.data", "pipe.data":
        trace = same_as_perf(os.path.join(FILES, name))
        check(len(trace.arrows) >= 2, "arrows of", name)
        check(trace.document["otherData"]["complete"] is True, name, "is not complete")


def limits():
    path = os.path.join(FILES, "pipe.data")
    done = run([TRIAGE, "export", path, "--as", "chrome-trace", "--max-events", "100", "-O", "short.json"])
    check(done.returncode == 0 and b"ends after 100 events" in done.stderr, "nothing is said of the limit", done.stderr)
    with open("short.json", encoding="utf-8") as file:
        trace = checker.load(file.read())
    check(trace.document["otherData"]["complete"] is False, "a cut trace says that it is complete")
    check(trace.document["otherData"]["events"] == "100", trace.document["otherData"])
    whole = cpu_slices(trace_of(path))
    check(cpu_slices(trace) <= whole, "a cut trace has slices of its own")


# ---- of a bundle ----

def slices_by_name(trace):
    found = collections.defaultdict(list)
    for (pid, tid), parts in trace.slices.items():
        for begin, end, name in parts:
            found[(pid, tid, name)].append((begin, end))
    return {key: sorted(parts) for key, parts in found.items()}


def excerpts():
    make_bundle("b.tar.gz", {"sched/excerpt.events": EXCERPT.encode()})
    trace = trace_of("b.tar.gz")
    found = slices_by_name(trace)
    wanted = {
        (10, 10, "running"): [(0, 1500), (9000, 13500)],
        (10, 10, "waiting for a CPU"): [(3500, 9000)],
        (10, 20, "running"): [(8500, 9300), (12500, 13500)],
        (10, 20, "waiting for a CPU"): [(500, 8500), (10500, 12500)],
        (10, 20, "uninterruptible sleep"): [(9300, 10500)],
        (30, 30, "running"): [(1500, 8500), (9300, 9300)],
        (30, 30, "waiting for a CPU"): [(8500, 9300)],
        (CPUS, CPUS, "longest wait for a CPU"): [(500, 8500)],
        (CPUS, CPUS + 1, "server"): [(0, 1500)],
        (CPUS, CPUS + 1, "other"): [(1500, 8500), (9300, 9300)],
        (CPUS, CPUS + 1, "worker"): [(8500, 9300), (12500, 13500)],
        (CPUS, CPUS + 2, "server"): [(9000, 13500)],
    }
    check(found == wanted, "slices:", sorted(set(map(str, found.items())) ^ set(map(str, wanted.items()))))
    check(sorted((ends["s"], ends["f"]) for ends in trace.arrows.values()) ==
          [((500, (10, 10)), (8500, (10, 20))), ((10500, (10, 10)), (12500, (10, 20)))], dict(trace.arrows))
    check(trace.names[(10, 20)] == "worker" and trace.processes[10] == "server", trace.names)
    check(trace.document["otherData"]["losses"] == "1", "the loss is not told")


def softirq_arrows():
    """From the CPU whose interrupt it was, when somebody ran there."""
    text = ("# triage-sched/1\nswitch 100 0 0 R 30\nswitch 150 1 9 S 0\nwakeup 200 0 s 30 10 1\nswitch 300 1 0 R 10\n"
            "switch 400 1 10 S 0\nwakeup 500 1 h 0 10 1\nswitch 600 1 0 R 10\nswitch 700 0 30 S 0\n")
    make_bundle("soft.tar.gz", {"sched/excerpt.events": text.encode()})
    trace = trace_of("soft.tar.gz")
    check([ends["s"] for ends in trace.arrows.values()] == [(100, (CPUS, CPUS + 1))], dict(trace.arrows))
    waits = [event["args"] for event in trace.document["traceEvents"] if event["name"] == "waiting for a CPU"]
    check([wait["woken by"] for wait in waits] == ["softirq", "hardirq"], waits)


def pauses():
    """Nothing goes on while nobody watches."""
    text = ("# triage-sched/1\nswitch 100 0 0 R 30\nwakeup 150 0 t 30 10 0\nswitch 160 1 40 D 0\npause 200 0\nswitch 900 0 77 S 10\n"
            "switch 950 0 10 S 30\nwakeup 960 0 t 30 40 0\n")
    make_bundle("pause.tar.gz", {"sched/excerpt.events": text.encode()})
    found = slices_by_name(trace_of("pause.tar.gz"))
    wanted = {(30, 30, "running"): [(0, 100), (850, 860)], (10, 10, "waiting for a CPU"): [(50, 100)],
              (40, 40, "uninterruptible sleep"): [(60, 100)], (10, 10, "running"): [(800, 850)],
              (CPUS, CPUS + 1, "30"): [(0, 100), (850, 860)], (CPUS, CPUS + 1, "10"): [(800, 850)]}
    check(found == wanted, "slices around a pause:", found)


def hostile_names():
    lines = "".join(f"name {i + 1} {i + 1} {name}\nswitch {1000 * i} 0 {i} S {i + 1}\n" for i, name in enumerate(HOSTILE))
    make_bundle("evil.tar.gz", {"sched/excerpt.events": ("# triage-sched/1\n" + lines).encode()})
    text = export("evil.tar.gz")
    check(not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text), "a control character came through")
    names = set(checker.load(text).names.values())
    for name in HOSTILE[:3] + HOSTILE[5:]:
        check(name in names, "no track of", name)


def refusals():
    make_bundle("none.tar.gz", {"evidence.json": b"{}"})
    words = export("none.tar.gz", status=2)
    check("The sched stage keeps a piece" in words and "triage run --full" in words, words)
    make_bundle("bad.tar.gz", {"sched/excerpt.events": b"# triage-sched/1\nswitch 1 2\n"})
    check("excerpt.events: line 2" in export("bad.tar.gz", status=2), "a malformed excerpt")
    check("--view is of stacks" in export("b.tar.gz", "--view", "off-cpu", status=2), "a view of no stacks")
    check("not a number" in export("b.tar.gz", "--max-events", "0", status=2), "no events")
    check("not a number" in export("b.tar.gz", "--max-events", "1k", status=2), "malformed events")
    done = run([TRIAGE, "run", "--keep-trace", "--no-bundle"])
    check(done.returncode == 2 and b"not with --no-bundle" in done.stderr, "a trace without a bundle:", done.stderr)


# ---- as text ----

def script(path, *options):
    done = run([TRIAGE, "export", path, "--as", "perf-script", *options])
    check(done.returncode == 0, "export of text:", path, done.stderr[:300])
    return done.stdout.decode().splitlines()


def plain(line):
    """Without what we do not have (priorities), without its columns, and with one name for both wakeups."""
    line = re.sub(r" (prev_prio|next_prio|prio)=-?[0-9]+", "", line).replace("sched:sched_waking:", "sched:sched_wakeup:")
    return " ".join(line.split())


def texts():
    lines = script("b.tar.gz")
    check(lines[0] == "         swapper     0 [000]     0.000000: sched:sched_switch: prev_comm=swapper/0 prev_pid=0 "
          "prev_state=R ==> next_comm=server next_pid=10", lines[0])
    check("# records of CPU 0 were lost: 7" in lines and "# nobody watched until the next event" in script("pause.tar.gz"),
          "losses and pauses")
    check(not re.search("[\x00-\x1f\x7f\u202e]", "".join(script("evil.tar.gz"))), "a control character came through")
    check(len(script("b.tar.gz", "--max-events", "3")) == 3, "--max-events of a text")
    if run(["sh", "-c", "command -v perf"]).returncode:
        return
    path = os.path.join(FILES, "pipe.data")
    theirs = [plain(line) for line in run(["perf", "script", "-i", path, "-F", "comm,tid,cpu,time,event,trace"])
              .stdout.decode().splitlines() if "sched_stat_runtime" not in line and "sched_wakeup:" not in line]
    ours = [plain(line) for line in script(path)]
    check(len(theirs) > 100 and collections.Counter(ours) == collections.Counter(theirs), "perf script prints",
          list((collections.Counter(theirs) - collections.Counter(ours)).items())[:3], "we",
          list((collections.Counter(ours) - collections.Counter(theirs)).items())[:3])


# ---- the checker itself ----

def broken(document):
    """(what, document) that must be refused."""
    def changed(what, change):
        other = copy.deepcopy(document)
        change(other["traceEvents"])
        return what, other

    def first(events, phase):
        return next(event for event in events if event["ph"] == phase)

    yield changed("no ts", lambda events: events[0].pop("ts"))
    yield changed("no dur", lambda events: first(events, "X").pop("dur"))
    yield changed("half an arrow", lambda events: events.remove(first(events, "s")))
    yield changed("an arrow from nowhere", lambda events: first(events, "s").update(tid=77))
    yield changed("no bp", lambda events: first(events, "f").pop("bp"))
    yield changed("overlap", lambda events: events.append(dict(first(events, "X"), ts=first(events, "X")["ts"] + 1)))
    yield changed("a nameless track", lambda events: events.remove(
        next(event for event in events if event["name"] == "thread_name")))
    yield changed("a counter that goes back", lambda events: events.append(dict(first(events, "C"), ts=0)))
    yield changed("an unknown phase", lambda events: first(events, "X").update(ph="Q"))


def checker_refuses():
    document = json.loads(export(os.path.join(FILES, "pipe.data")))
    for what, other in broken(document):
        try:
            checker.load(json.dumps(other))
            check(False, "the checker takes", what)
        except checker.Refused:
            pass


# ---- live ----

def live():
    if os.geteuid() != 0 or run(["sh", "-c", "command -v perf"]).returncode:
        print("skipped: needs root and perf")
        sys.exit(77)
    for load in (["perf", "bench", "sched", "pipe", "-l", "5000"], ["perf", "bench", "sched", "messaging", "-g", "1", "-l", "50"]):
        done = run(["perf", "sched", "record", "-o", "live.data", "--", *load])
        if not os.path.exists("live.data"):
            print("skipped: perf sched record:", done.stderr.decode(errors="replace")[-200:])
            sys.exit(77)
        trace = same_as_perf("live.data")
        print(f"{load[3]}: {sum(map(len, trace.slices.values()))} slices, {len(trace.arrows)} arrows")
        check(len(trace.arrows) > 100, "arrows of", load)
        os.remove("live.data")
    run(["perf", "record", "-q", "-e", "cpu-clock", "-o", "cpu.data", "--", "true"])
    check("no sched_switch" in export("cpu.data", status=2), "a file without switches")
    done = run([TRIAGE, "run", "--stage", "sched", "-d", "2", "-q", "-o", "run.tar.zst", "--exit-zero", "--keep-trace"])
    check(done.returncode in (0, 3), "triage run:", done.returncode, done.stderr)
    trace = trace_of("run.tar.zst")
    check(cpu_slices(trace), "a run keeps no timeline")
    kept_trace()


def kept_trace():
    """What --keep-trace recorded: perf reads it, and tells the slices that we draw."""
    done = run([TRIAGE, "export", "run.tar.zst", "--as", "perf.data", "-O", "kept.data"])
    check(done.returncode == 0, "export of perf.data:", done.stderr)
    events = run(["perf", "evlist", "-i", "kept.data"]).stdout.decode().split("\n")
    check("sched:sched_switch" in events and "sched:sched_waking" in events, "perf evlist:", events)
    done = run(["perf", "script", "-i", "kept.data"])
    lines = done.stdout.decode(errors="replace").splitlines()
    check(done.returncode == 0 and len(lines) > 20, "perf script tells", len(lines), done.stderr[:300])
    check(any(re.search(r"^ *triage +[0-9]+ \[", line) for line in lines), "perf script knows no names")
    theirs, _ = perf_slices("kept.data", int(trace_of("kept.data").document["otherData"]["start_ns"]))
    ours = cpu_slices(trace_of("kept.data"))
    # it has no mark for the rests between looks: what runs when one begins has no end in both
    check(ours and ours == theirs, len(ours), "slices of what was kept, perf has", len(theirs))
    make_bundle("cpu.tar.gz", {"evidence.json": b"{}"})
    done = run([TRIAGE, "export", "cpu.tar.gz", "--as", "perf.data"])
    check(done.returncode == 2 and b"--keep-trace" in done.stderr, "a bundle without a trace:", done.stderr)


def main():
    cases = (live,) if "--live" in sys.argv else (recorded_files, limits, excerpts, softirq_arrows, pauses, hostile_names, texts, refusals,
                                                  checker_refuses)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for case in cases:
            case()
        os.chdir("/")
    print(f"{len(failures)} failures" if failures else "ok")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
