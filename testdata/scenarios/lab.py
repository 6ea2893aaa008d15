#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs triage beside loads that are known to be sick or healthy, and checks what it says.

    lab.py --triage build/release/triage [--repeat N] [--write FILE.md] [--record] [NAME...]

Each folder beside this file that holds a scenario.json is a scenario; README.md tells how to write one.
Exit: 0 all hit, 1 misses, 2 usage, 77 nothing could be run.
"""

import argparse
import datetime
import fnmatch
import json
import operator
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "bundles")]

import accuracy  # noqa: E402  pylint: disable=wrong-import-position
import recording  # noqa: E402  pylint: disable=wrong-import-position

KEEP = HERE.parent.parent / "build" / "lab"
READY_LIMIT_S = 20
RUN_LIMIT_S = 60
PREPARE_LIMIT_S = 300
STOP_LIMIT_S = 10
CALM_LIMIT_S = 10
CALM_PCT = 15
STEAL_PCT = 5
TRIES = 3
SETTLE_S = 2
OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}


class Skip(Exception):
    """This host can't run the scenario."""


class Broken(Exception):
    """The load or triage did not do its part."""


# ---- loads -------------------------------------------------------------------------------------------


def loads_folder():
    """Where the programs of loads/ are: built by CMake, else compiled here."""
    if os.environ.get("TRIAGE_LOADS"):
        return pathlib.Path(os.environ["TRIAGE_LOADS"])
    folder = KEEP / "loads"
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted((HERE / "loads").glob("*.c")):
        program = folder / source.stem
        newest = max(path.stat().st_mtime for path in (source, HERE / "loads" / "load.h"))
        if not program.exists() or program.stat().st_mtime < newest:
            subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-fomit-frame-pointer",
                            "-o", program, source, "-pthread"], check=True)
    return folder


def remove_folder(folder):
    """Removes it even while something that was just killed still writes its last into it."""
    for _ in range(10):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def wait_alone(limit_s):
    """One load at a time on a host, whoever runs labs there: returns what to close when done. An abstract
    socket is a lock that belongs to no folder and ends with its process."""
    lock = socket.socket(socket.AF_UNIX)
    deadline = time.monotonic() + limit_s
    while True:
        try:
            lock.bind("\0triage-lab")
            return lock
        except OSError:
            if time.monotonic() > deadline:
                raise Skip("another lab runs on this host") from None
            time.sleep(0.5)


def cpu_ticks():
    """(all, idle) of /proc/stat."""
    ticks = [int(word) for word in pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4]


def wait_calm():
    """Waits a while for a host at rest. Returns how busy it is: what else runs is in triage's report, too."""
    deadline = time.monotonic() + CALM_LIMIT_S
    while True:
        before = cpu_ticks()
        time.sleep(0.5)
        total, idle = (now - then for now, then in zip(cpu_ticks(), before))
        busy_pct = 100 * (total - idle) / max(total, 1)
        if busy_pct <= CALM_PCT or time.monotonic() > deadline:
            return busy_pct


def prepare(script):
    """What takes longer than a load may: builds the programs of a scenario that loads/ has not."""
    if not script.exists():
        return
    environment = dict(os.environ, TRIAGE_LOADS=str(loads_folder()))
    done = subprocess.run([script], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=PREPARE_LIMIT_S, check=False)
    words = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["without a word"]
    if done.returncode == 77:
        raise Skip(words[0])
    if done.returncode:
        raise Broken(f"prepare ended with {done.returncode}: {words[0]}")


class Load:
    """A running load, the only one of its kind on this host: `with Load(script) as load: load.wait_ready()`.
    It leads its own session, and nothing outside that is ever signalled."""

    def __init__(self, script, alone_limit_s=60):
        self.alone = wait_alone(alone_limit_s)
        self.busy_before_pct = wait_calm()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="triage-lab-", dir=os.environ.get("TMPDIR", "/var/tmp")))
        self.ready = self.work / "ready"
        self.log = open(self.work / "log", "w+", encoding="utf-8", errors="replace")
        environment = dict(os.environ, WORK=str(self.work), READY=str(self.ready),
                           TRIAGE_LOADS=str(loads_folder()))
        self.process = subprocess.Popen([script], cwd=self.work, env=environment, start_new_session=True,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def ended(self):
        """True when the load has ended. It is left unreaped, so that its process group's id stays its own."""
        flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
        return os.waitid(os.P_PID, self.process.pid, flags) is not None

    def words(self):
        self.log.seek(0)
        return self.log.read().strip().splitlines()[-1:] or ["without a word"]

    def wait_ready(self):
        deadline = time.monotonic() + READY_LIMIT_S
        while not self.ready.exists():
            if self.ended():
                words = self.words()[0]
                if self.process.wait() == 77:
                    raise Skip(words)
                raise Broken(f"load ended with {self.process.returncode}: {words}")
            if time.monotonic() > deadline:
                raise Broken("load did not get ready")
            time.sleep(0.02)

    def check_alive(self):
        if self.process.returncode is not None or self.ended():
            raise Broken(f"load ended early: {self.words()[0]}")

    def stop(self):
        if self.process.returncode is None:
            self.process.terminate()
            deadline = time.monotonic() + STOP_LIMIT_S
            while not self.ended() and time.monotonic() < deadline:
                time.sleep(0.02)
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
        remove_folder(self.work)
        self.alone.close()


# ---- scenarios ---------------------------------------------------------------------------------------


def load_scenario(name):
    folder = HERE / name
    scenario = json.loads((folder / "scenario.json").read_text(encoding="utf-8"))
    scenario["name"] = name
    scenario["load"] = folder / "load"
    scenario["prepare"] = folder / "prepare"
    return scenario


def all_names():
    return sorted(path.parent.name for path in HERE.glob("*/scenario.json"))


def check_needs(needs):
    if needs.get("root") and os.geteuid() != 0:
        raise Skip("needs root")
    for program in needs.get("programs", []):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            raise Skip(f"needs the program {program}")
    for path in needs.get("files", []):
        if not os.path.exists(path):
            raise Skip(f"needs {path}")


def run_triage(triage, extra, bundle):
    """One `triage run`; returns (exit status, seconds, report, words on stderr)."""
    began = time.monotonic()
    done = subprocess.run([triage, "run", "--json", "-o", bundle, *extra], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=RUN_LIMIT_S, check=False)
    wall_s = time.monotonic() - began
    words = " | ".join(done.stderr.decode(errors="replace").strip().splitlines()[-6:])
    try:
        return done.returncode, wall_s, json.loads(done.stdout), words
    except ValueError:
        raise Broken(f"triage exit {done.returncode}, no JSON: {words}") from None


def read_evidence(bundle):
    """evidence.json of a bundle."""
    done = subprocess.run(["tar", "--zstd", "-xO", "--wildcards", "-f", bundle, "*evidence.json"],
                          capture_output=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def is_sanitized(triage):
    """Built for tests: it needs more memory and time than the one that is shipped."""
    return b"__asan_init" in pathlib.Path(triage).read_bytes()


def play(scenario, triage, options):
    """Starts the load, runs triage beside it. Returns what came out."""
    with Load(scenario["load"], options.patience) as load:
        load.wait_ready()
        time.sleep(scenario.get("settle_s", SETTLE_S))
        load.check_alive()
        bundle = load.work / "bundle.tar.zst"
        own = recording.names_of_session(load.process.pid)
        extra = scenario.get("run", []) + (["--redact"] if options.record else [])
        status, wall_s, report, words = run_triage(triage, extra, bundle)
        load.check_alive()
        own |= recording.names_of_session(load.process.pid)
        return {"exit": status, "own": own, "sanitized": is_sanitized(triage), "wall_s": wall_s, "report": report, "words": words,
                "busy_before_pct": load.busy_before_pct, "evidence": read_evidence(bundle),
                "bundle": bundle.read_bytes() if bundle.exists() else b""}


# ---- expectations ------------------------------------------------------------------------------------


def as_list(value):
    return value if isinstance(value, list) else [value]


def fits(text, globs):
    return any(fnmatch.fnmatchcase(str(text or ""), glob) for glob in as_list(globs))


def subject_fits(subject, globs):
    return any(fits(subject[key], globs) for key in ("name", "program", "thread") if subject.get(key))


def told_lines(report):
    """What the report says about the host; what it asks and advises proves nothing."""
    lines = [report["verdict"].get("headline")] + [finding.get("say") for finding in report.get("findings", [])]
    for stage in report.get("stages", []):
        lines += stage["saw"] + [stage["concluded"]] + [judged["because"] for judged in stage["judged"]]
    return list(filter(None, lines))


def finding_fits(finding, wanted):
    """wanted: { "cause", "rule", "severity", "subject", "mentions" }, each a glob or a list of globs."""
    return all((
        "cause" not in wanted or fits(finding.get("cause"), wanted["cause"]),
        "rule" not in wanted or fits(finding.get("rule"), wanted["rule"]),
        "severity" not in wanted or fits(finding.get("severity"), wanted["severity"]),
        "subject" not in wanted or subject_fits(finding.get("subject") or {}, wanted["subject"]),
        "mentions" not in wanted or fits(json.dumps(finding), wanted["mentions"]),
    ))


def check_measured(metrics, name, bound):
    """bound: "<= 4", "~ glob", or "<= 4 or unknown"."""
    bound, _, otherwise = bound.partition(" or ")
    value = metrics.get(name)
    if value is None:
        return [] if otherwise == "unknown" else [f"{name} is unknown, wanted {bound}"]
    op, limit = bound.split(" ", 1)
    good = fits(value, limit) if op == "~" else OPERATORS[op](value, float(limit))
    shown = f"{value:.4g}" if isinstance(value, float) else value
    return [] if good else [f"{name} is {shown}, wanted {bound}"]


def check_primary(verdict, expect):
    primary = verdict.get("primary") or {}
    misses = []
    if "status" in expect and verdict["status"] not in as_list(expect["status"]):
        misses.append(f"status is {verdict['status']}, wanted {' or '.join(as_list(expect['status']))}")
    if "cause" in expect and primary.get("cause") not in as_list(expect["cause"]):
        misses.append(f"cause is {primary.get('cause')}, wanted {' or '.join(map(str, as_list(expect['cause'])))}")
    if "subject" in expect and not subject_fits(primary.get("subject") or {}, expect["subject"]):
        name = (primary.get("subject") or {}).get("name")
        misses.append(f"subject is {name}, wanted {' or '.join(as_list(expect['subject']))}")
    kind = (primary.get("subject") or {}).get("kind")
    if "subject_kind" in expect and kind not in as_list(expect["subject_kind"]):
        misses.append(f"the subject is a {kind}, wanted {' or '.join(as_list(expect['subject_kind']))}")
    return misses


def check_verdict(verdict, expect):
    misses = check_primary(verdict, expect)
    for other in verdict.get("contributing", []):
        if "contributing" in expect and other.get("cause") not in expect["contributing"]:
            misses.append(f"{other.get('cause')} is said to have a part in it")
    return misses


def check_findings(findings, expect):
    misses = [f"no finding like {json.dumps(wanted)}" for wanted in expect.get("also", [])
              if not any(finding_fits(finding, wanted) for finding in findings)]
    for finding in findings:
        if finding.get("cause") in expect.get("forbid", []) and finding.get("severity") != "info":
            misses.append(f"{finding['cause']} ({finding.get('rule')}) must not be found")
    fired = {finding.get("rule") for finding in findings}
    misses += [f"rule {wanted} did not fire" for wanted in expect.get("rules", [])
               if not any(fits(rule, wanted) for rule in fired)]
    return misses


def arrow_fits(arrow, wanted, findings):
    """wanted: { "from", "to", "link", "strength" }: causes of the ends and the link's id as globs, a bound on the per cents."""
    ends = {"from": findings.get(arrow["from"], {}).get("cause"), "to": findings.get(arrow["to"], {}).get("cause"),
            "link": arrow.get("link")}
    return (all(fits(ends[key], wanted[key]) for key in ends if key in wanted)
            and ("strength" not in wanted or not check_measured(arrow, "strength_pct", wanted["strength"])))


def check_arrows(report, expect):
    findings = {finding.get("id"): finding for finding in report.get("findings", [])}
    return [f"no arrow like {json.dumps(wanted)}" for wanted in expect.get("arrows", [])
            if not any(arrow_fits(arrow, wanted, findings) for arrow in report.get("chain", []))]


def check_told(report, expect):
    lines = told_lines(report)
    return [f"nothing said like {wanted}" for wanted in expect.get("says", [])
            if not any(fits(line, wanted) for line in lines)]


def check(result, expect):
    """Everything about a result that is not as expected, in words."""
    report = result["report"]
    misses = []
    if "exit" in expect and result["exit"] not in as_list(expect["exit"]):
        misses.append(f"exit is {result['exit']}, wanted {' or '.join(map(str, as_list(expect['exit'])))}")
    if result["wall_s"] > expect.get("max_wall_s", RUN_LIMIT_S):
        misses.append(f"took {result['wall_s']:.1f} s, wanted {expect['max_wall_s']} s at most")
    misses += check_verdict(report["verdict"], expect)
    misses += check_findings(report.get("findings", []), expect)
    misses += check_arrows(report, expect)
    misses += check_told(report, expect)
    own = expect.get("own_sanitized" if result["sanitized"] else "own", {})
    for name, bound in own.items():
        misses += check_measured(report.get("self", {}), name, bound)
    metrics = result["evidence"].get("metrics", {})
    if not metrics:
        return misses + ["there is no evidence in the bundle"]
    for name, bound in expect.get("measured", {}).items():
        misses += check_measured(metrics, name, bound)
    return misses


# ---- telling -----------------------------------------------------------------------------------------


def keep(name, result):
    """What is needed to look into a miss; `triage explain` takes the bundle."""
    KEEP.mkdir(parents=True, exist_ok=True)
    (KEEP / f"{name}.json").write_text(json.dumps(result["report"], indent=1) + "\n", encoding="utf-8")
    (KEEP / f"{name}.tar.zst").write_bytes(result["bundle"])


def cause_and_subject(cause, subject):
    return f"{cause}: {subject}" if subject else str(cause)


def wanted_words(expect):
    if "cause" not in expect:
        return "/".join(as_list(expect.get("status", "")))
    return cause_and_subject("/".join(map(str, as_list(expect["cause"]))), "/".join(as_list(expect.get("subject", []))))


def got_words(report):
    primary = report["verdict"].get("primary")
    if not primary:
        return report["verdict"]["status"]
    return cause_and_subject(primary.get("cause"), (primary.get("subject") or {}).get("name"))


def number(value, form):
    return format(value, form) if isinstance(value, (int, float)) else "-"


def tell_row(*cells):
    print("{:<16} {:<40.40} {:<36.36} {:>5} {:>6} {:>6}  {}".format(*cells), flush=True)


def tell_result(scenario, row):
    report = row.get("report")
    tell_row(scenario["name"], wanted_words(scenario["expect"]), got_words(report) if report else "-",
             number(row.get("confidence"), ".2f"), number(row.get("wall_s"), ".1f"),
             number(row.get("own_cpu_pct"), ".1f"), row["outcome"])
    for miss in row["misses"]:
        print(f"    {miss}")
    if row["outcome"] == "FAILED" and report:
        tell_report(report)
        if row["words"]:
            print(f"    stderr: {row['words']}")
        if row["busy_before_pct"] > CALM_PCT:
            print(f"    this host was {row['busy_before_pct']:.0f} % busy before the load")
        print(f"    kept: {KEEP / scenario['name']}.json, .tar.zst")


def tell_report(report):
    print(f"    headline: {report['verdict'].get('headline')}")
    for finding in report.get("findings", []):
        print(f"    {finding.get('id')} {finding.get('severity')} {finding.get('rule')}: {finding.get('say')}")


# ---- main --------------------------------------------------------------------------------------------


def disturbance(row):
    """What else was on the host, in words, when a run missed; None: nothing, so the miss is triage's own."""
    stolen = row.get("stolen_pct") or 0
    if stolen > STEAL_PCT:
        return f"the hypervisor took {stolen:.0f} % of the CPU time"
    if row.get("busy_before_pct", 0) > CALM_PCT:
        return f"the host was {row['busy_before_pct']:.0f} % busy before the load began"
    return None


def try_scenario(scenario, triage, options):
    """A run that missed on a disturbed host is tried again; one whose CPU the hypervisor keeps taking tells nothing."""
    for _ in range(options.tries):
        row = try_once(scenario, triage, options)
        disturbed = disturbance(row)
        if row["outcome"] != "FAILED" or not disturbed:
            return row
        print(f"    {scenario['name']}: missed, but {disturbed}")
    if (row.get("stolen_pct") or 0) > STEAL_PCT:
        return {"outcome": "skipped", "misses": [f"{options.tries} times {disturbed}"]}
    return row


def try_once(scenario, triage, options):
    """One run of one scenario: {"outcome": "hit" | "FAILED" | "skipped", "misses": [words], ...}."""
    try:
        check_needs(scenario.get("needs", {}))
        prepare(scenario["prepare"])
        result = play(scenario, triage, options)
    except Skip as reason:
        return {"outcome": "skipped", "misses": [str(reason)]}
    except (Broken, subprocess.TimeoutExpired) as error:
        return {"outcome": "FAILED", "misses": [str(error)]}
    misses = check(result, scenario["expect"])
    report = result["report"]
    if misses:
        keep(scenario["name"], result)
    elif options.record:
        recording.save(scenario["name"], result["bundle"], result["own"])
    return {"outcome": "FAILED" if misses else "hit", "misses": misses, "exit": result["exit"],
            "verdict_hit": not check_primary(report["verdict"], scenario["expect"]), "got": got_words(report),
            "status": report["verdict"]["status"], "version": report.get("tool", {}).get("version"),
            "wall_s": result["wall_s"], "confidence": report["verdict"].get("confidence"),
            "own_cpu_pct": report.get("self", {}).get("cpu_pct_of_host"), "report": report,
            "words": result["words"], "busy_before_pct": result["busy_before_pct"],
            "stolen_pct": result["evidence"].get("metrics", {}).get("vmstat.st_pct")}


def tell_totals(rows, repeat):
    """The last lines; returns the exit status."""
    if repeat > 1:
        for name in dict.fromkeys(row["scenario"] for row in rows):
            mine = [row["outcome"] for row in rows if row["scenario"] == name]
            print(f"{name}: {mine.count('hit')} of {len(mine) - mine.count('skipped')}")
    outcomes = [row["outcome"] for row in rows]
    hit, failed, skipped = (outcomes.count(outcome) for outcome in ("hit", "FAILED", "skipped"))
    print(f"{hit} passed, {failed} failed, {skipped} skipped")
    if failed:
        return 1
    return 0 if hit else 77


def parse_arguments():
    parser = argparse.ArgumentParser(description="Checks triage against live loads.")
    parser.add_argument("--triage", required=True, metavar="PATH", help="the program to try")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="runs of each scenario")
    parser.add_argument("--json", metavar="FILE", help="write the results here, too")
    parser.add_argument("--write", metavar="FILE", help="write the table of accuracy; runs of an earlier call count, as long as "
                        "neither the program nor the scenario changed")
    parser.add_argument("--afresh", action="store_true", help="with --write: earlier runs do not count")
    parser.add_argument("--minutes", type=float, metavar="M", help="begin no more runs after that time")
    parser.add_argument("--record", action="store_true", help="keep a redacted bundle of each hit in testdata/bundles")
    parser.add_argument("--ci", action="store_true", help="without the scenarios that are kept out of ctest")
    parser.add_argument("--tries", type=int, default=TRIES, metavar="N", help=f"runs of a miss on a disturbed host ({TRIES})")
    parser.add_argument("--patience", type=int, default=60, metavar="S", help="how long to wait for another lab (60 s)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios; all when none is named")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(all_names())
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(all_names())}")
    if not os.access(arguments.triage, os.X_OK):
        parser.error(f"{arguments.triage}: not a program")
    return arguments


def chosen_scenarios(arguments):
    scenarios = [load_scenario(name) for name in arguments.names or all_names()]
    return [scenario for scenario in scenarios if scenario.get("ci", True) or not arguments.ci]


def open_runs(scenarios, triage, afresh):
    """The runs that an earlier call made, to go on from."""
    loads_folder()
    keys = {scenario["name"]: accuracy.build_key(triage, scenario["name"]) for scenario in scenarios}
    return accuracy.Runs(KEEP / "runs.jsonl", keys, afresh)


def without_details(row):
    return {key: value for key, value in row.items() if key not in ("report", "words")}


def run_rounds(scenarios, triage, options, runs):
    """Each scenario once, then each again: what is cut short is even. Yields rows."""
    deadline = time.monotonic() + 60 * options.minutes if options.minutes else None
    done = {scenario["name"]: runs.count(scenario["name"]) if runs else 0 for scenario in scenarios}
    for number in range(options.repeat):
        for scenario in scenarios:
            if done[scenario["name"]] > number:
                continue
            if deadline and time.monotonic() > deadline:
                print("the time is up; the same call goes on from here" if runs else "the time is up", flush=True)
                return
            when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ")
            row = dict(try_scenario(scenario, triage, options), scenario=scenario["name"], when=when)
            tell_result(scenario, row)
            if runs:
                runs.add(dict(without_details(row), disturbed=disturbance(row)))
            yield row


def write_accuracy(path, scenarios, runs):
    if runs.rows:
        named = [dict(scenario, wanted=wanted_words(scenario["expect"])) for scenario in scenarios]
        pathlib.Path(path).write_text(accuracy.table(named, runs.rows), encoding="utf-8")
        print(f"wrote {path}: {len(runs.rows)} runs")


def main():
    arguments = parse_arguments()
    triage = os.path.abspath(arguments.triage)
    os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    scenarios = chosen_scenarios(arguments)
    runs = open_runs(scenarios, triage, arguments.afresh) if arguments.write else None
    tell_row("scenario", "expected", "got", "conf", "wall s", "own %", "verdict")
    rows = list(run_rounds(scenarios, triage, arguments, runs))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if arguments.write:
        write_accuracy(arguments.write, scenarios, runs)
    return tell_totals(runs.rows if runs else rows, arguments.repeat)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
