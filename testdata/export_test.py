#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""triage export, read back by parsers that are not ours.

usage: export_test.py TRIAGE SCHEMA

Makes bundles with stacks of its own and checks each format: folded text against the stacks, the SVG as XML (widths,
positions, percentages, nothing of a hostile name in its markup), speedscope's JSON against SCHEMA and the stacks.
"""
import bisect
import hashlib
import io
import json
import os
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree

try:
    import jsonschema
except ImportError:
    jsonschema = None

TRIAGE, SCHEMA = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
HEADER = "# triage-stacks/1 view=on-cpu unit=us\n"
SVG = "{http://www.w3.org/2000/svg}"
SCRIPT, STYLE = SVG + "script", SVG + "style"
HOSTILE = ["</title><script>alert(1)</script>", "]]></script><script>alert(2)//", "\" onload=\"alert(3)",
           "<!--", "&lt<img src=x>&#39", "' onclick='alert(4)", "\x1b[31mred\x07", "\xad\u202etxt.exe", "\ufffe\uffff",
           "{\"a\":\"b\\\"}", "\\", "a\u2028b", "日本語のとても長い関数名" * 9, "x" * 3000, "%s%n%d", "#"]
failures = []


def check(right, *words):
    if not right:
        failures.append(" ".join(map(str, words)))
        print("FAILED:", *words)


# ---- bundles ----

def make_bundle(path, files):
    """A bundle as `triage run` saves it, but packed by gzip."""
    listed = [{"name": name, "bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
              for name, text in files.items()]
    manifest = {"schema": "triage-bundle/1", "tool": {"version": "0.1"}, "host": "db1",
                "created": "2026-07-31T12:00:00Z", "dropped": 0, "files": listed}
    entries = {"manifest.json": json.dumps(manifest).encode(), **files}
    with tarfile.open(path, "w:gz") as archive:
        for name, text in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))


def evidence(host="db1"):
    return json.dumps({
        "schema": "triage-evidence/1",
        "stages": {"perf": {"status": "ok", "duration_s": 3.0}},
        "metrics": {"host.name": host, "host.time_unix_s": 1785499200, "host.usable_cpus": 4,
                    "perf.samples": 2994, "perf.clock": "cpu-clock"},
        "tables": {}, "caveats": []}).encode()


def folded_text(stacks):
    """The stacks as a bundle has them: the heaviest first, equal ones by name."""
    lines = sorted(stacks.items(), key=lambda item: (-item[1], (item[0] + ";").encode()))
    return HEADER + "".join(f"{stack} {weight}\n" for stack, weight in lines)


def random_stacks(seed):
    """A tree with a shape like those of real hosts: a few heavy programs, many light leaves."""
    rng = random.Random(seed)
    stacks = {}
    for _ in range(1500):
        program = min(int(rng.expovariate(0.4)), 11)
        frames = [f"program {program}", f"pool-{rng.randint(0, 2)}", "main"]
        frames += [f"work_{rng.randint(0, 3)}" for _ in range(rng.randint(0, 8))]
        if rng.random() < 0.6:
            frames += ["[k] entry_SYSCALL_64", "[k] do_syscall_64"]
            frames += [f"[k] path_{rng.randint(0, 2)}" for _ in range(rng.randint(0, 20))]
        stacks[";".join(frames)] = int(rng.paretovariate(0.8)) + 1
    return stacks


def export(bundle, *options, status=0):
    run = subprocess.run([TRIAGE, "export", bundle, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=120, check=False)
    check(run.returncode == status, "exit", run.returncode, "of export", options, run.stderr[:300])
    return run.stdout if status == 0 else run.stderr.decode()


# ---- formats ----

def subtree_weights(stacks):
    """(program, thread, frame ...) up to each node: its weight with all above it."""
    weights = {(): 0}
    for stack, weight in stacks.items():
        path = ()
        weights[path] += weight
        for frame in stack.split(";"):
            path += (frame,)
            weights[path] = weights.get(path, 0) + weight
    return weights


class Frame:
    def __init__(self, group):
        rect = group.find(SVG + "rect")
        self.title = group.find(SVG + "title").text
        self.name, self.share = self.title.rsplit(" \u2014 ", 1)
        self.kernel = self.share.endswith("(kernel)")
        self.start, self.weight = int(group.get("data-s")), int(group.get("data-w"))
        self.x, self.y, self.width = (float(rect.get(key)) for key in ("x", "y", "width"))
        self.fill = rect.get("fill")


def svg_root(text):
    check(len(text) <= 8 << 20, "the SVG has", len(text), "bytes")
    root = ElementTree.fromstring(text)
    for element in root.iter():
        check(element.tag.startswith(SVG), "a foreign element:", element.tag)
        for key, value in element.attrib.items():
            check(not key.lower().startswith("on") and "href" not in key, "an attribute that acts:", key)
            check("://" not in value and "url(" not in value, "a reference:", key, value[:80])
    check(len(list(root.iter(SCRIPT))) == 1 and len(list(root.iter(STYLE))) == 1, "one script and one style")
    code = re.sub(r'"http://www.w3.org/(2000/svg|1999/xhtml)"', "", root.find(SCRIPT).text + root.find(STYLE).text)
    check(not re.search(r"https?:|import|fetch|XMLHttp|eval\(|innerHTML|url\(", code), "the script reaches out")
    return root


def svg_frames(root):
    frames = [Frame(group) for group in root.iter(SVG + "g") if group.get("class") == "f"]
    check(frames and frames[0].name == "all", "the first frame is the root")
    return frames


def check_geometry(frames, stacks):
    total, root = sum(stacks.values()), frames[0]
    check(root.weight == total, "the root's weight is", root.weight, "of", total)
    rows = {}
    for frame in frames:
        check(abs(frame.x - 12 - frame.start * 1176 / total) < 0.011, "x of", frame.title)
        check(abs(frame.width - frame.weight * 1176 / total) < 0.011, "width of", frame.title)
        pct = re.search(r", ([0-9.]+) % of all", frame.share)
        check(pct and abs(float(pct[1]) - 100 * frame.weight / total) <= 0.0051, "percentage of", frame.title)
        rows.setdefault(frame.y, []).append(frame)
    for row in rows.values():
        row.sort(key=lambda frame: frame.start)
    for y, row in rows.items():
        for left, right in zip(row, row[1:]):
            check(left.start + left.weight <= right.start, "overlap of", left.title, "and", right.title)
        callers = rows.get(y + 18, [])
        starts = [caller.start for caller in callers]
        for frame in row if y != root.y else []:
            caller = callers[bisect.bisect_right(starts, frame.start) - 1] if callers else None
            check(caller and caller.start <= frame.start and
                  frame.start + frame.weight <= caller.start + caller.weight, "nothing calls", frame.title)


def check_svg(bundle, stacks):
    frames = svg_frames(svg_root(export(bundle, "--as", "svg")))
    check_geometry(frames, stacks)
    weights = subtree_weights(stacks)
    total = weights[()]
    wanted = sorted((path[-1], weight) for path, weight in weights.items()
                    if path and weight * 1176 >= total * 0.1)
    drawn = sorted((("[k] " if frame.kernel else "") + frame.name, frame.weight) for frame in frames[1:])
    check(drawn == wanted, "drawn are", len(drawn), "frames, not", len(wanted))
    kernel = {frame.fill for frame in frames if frame.kernel}
    check(kernel and not kernel & {frame.fill for frame in frames if not frame.kernel}, "colours of the kernel")


def scope_stacks(profile, frames):
    """A profile's stacks in folded form."""
    stacks = {}
    for sample, weight in zip(profile["samples"], profile["weights"]):
        names = [("[k] " if frames[i].get("file") == "kernel" else "") + frames[i]["name"] for i in sample]
        check(";".join(names) not in stacks, "a stack twice:", names[:9])
        stacks[";".join(names)] = weight
    return stacks


def check_speedscope(bundle, stacks):
    scope = json.loads(export(bundle, "--as", "speedscope"))
    if jsonschema:
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        for error in jsonschema.Draft202012Validator(schema).iter_errors(scope):
            check(False, "speedscope:", "/".join(map(str, error.path)), error.message[:200])
    check(scope["name"] == "db1 on-cpu 2026-07-31T12:00:00.000Z", "name of the file:", scope["name"])
    frames = scope["shared"]["frames"]
    profiles = scope["profiles"]
    check(scope_stacks(profiles[0], frames) == stacks, "speedscope has other stacks")
    programs = sorted(((weight, path[0]) for path, weight in subtree_weights(stacks).items() if len(path) == 1),
                      reverse=True)[:8]
    check([(p["endValue"], p["name"]) for p in profiles[1:]] == programs, "programs of speedscope")
    for profile in profiles:
        check(sum(profile["weights"]) == profile["endValue"], "weights of", profile["name"])
        check(len(profile["weights"]) == len(profile["samples"]), "samples of", profile["name"])
    for profile in profiles[1:]:
        own = {stack: weight for stack, weight in stacks.items() if stack.split(";")[0] == profile["name"]}
        check(scope_stacks(profile, frames) == own, "stacks of", profile["name"])


# ---- cases ----

def all_formats():
    for seed in range(3):
        stacks = random_stacks(seed)
        text = folded_text(stacks)
        make_bundle("b.tar.gz", {"evidence.json": evidence(), "stacks/on-cpu.folded": text.encode()})
        check(export("b.tar.gz", "--as", "folded").decode() == text, "folded is not what the bundle has")
        check_svg("b.tar.gz", stacks)
        check_speedscope("b.tar.gz", stacks)


def heading():
    root = svg_root(export("b.tar.gz", "--as", "svg"))
    texts = [element.text or "" for element in root.iter(SVG + "text")]
    check("On-CPU flame graph \u00b7 db1" in texts, "the heading:", texts[:2])
    check(any("2,994 samples by cpu-clock" in text and "3.00 s window, 4 CPUs" in text for text in texts),
          "the facts:", texts[:2])


def without_evidence():
    make_bundle("bare.tar.gz", {"stacks/on-cpu.folded": b"p;t;main 5\n"})
    check(export("bare.tar.gz", "--as", "folded").decode() == HEADER + "p;t;main 5\n", "a bundle without evidence")
    svg_root(export("bare.tar.gz", "--as", "svg"))


def hostile_names():
    lines = [f"{name};{name};{name};[k] {name} {1000 + i}" for i, name in enumerate(HOSTILE)]
    text = "\n".join(lines).encode("utf-8", "surrogatepass") + b"\np;t;\xff\xc3\x28\x9b 900\n"
    make_bundle("evil.tar.gz", {"evidence.json": evidence(HOSTILE[0]), "stacks/on-cpu.folded": text})
    svg = export("evil.tar.gz", "--as", "svg")
    frames = svg_frames(svg_root(svg))
    names = {frame.name for frame in frames}
    for name in HOSTILE[:6] + HOSTILE[9:11] + HOSTILE[12:13] + HOSTILE[14:]:
        check(name in names, "no frame of", name)
    check("\\x1b[31mred\\x07" in names, "control characters")
    check(max(map(len, names)) <= 1001, "a title of", max(map(len, names)), "characters")
    check(svg.count(b"<script") == 1 and svg.count(b"]]>") == 2, "markup in the SVG")
    folded, scope = export("evil.tar.gz", "--as", "folded"), export("evil.tar.gz", "--as", "speedscope")
    for text in svg, folded, scope:
        check(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028]", text.decode().replace("\t", "")),
              "a control character came through")
    check_same = json.loads(scope)["shared"]["frames"]
    check({"name": HOSTILE[9], "file": "kernel"} in check_same, "quotes and backslashes in JSON")


def limits():
    """Many frames of nearly equal width: too much for one picture; then stacks that are too deep."""
    stacks = {f"p;t;main;f{i:05d}_{'x' * 300};g;h;i": 1000 + i % 7 for i in range(9000)}
    stacks["p;t;main;wide"] = 500000
    make_bundle("wide.tar.gz", {"stacks/on-cpu.folded": folded_text(stacks).encode()})
    root = svg_root(export("wide.tar.gz", "--as", "svg"))
    check_geometry(svg_frames(root), stacks)
    check([frame.name for frame in svg_frames(root)] == ["all", "p", "t", "main", "wide"], "too much is drawn")
    check(any("Too large for 8192 KiB: 9,000 frames narrower than 0.2 px" in (text.text or "")
              for text in root.iter(SVG + "text")), "nothing is said about what is not drawn")
    make_bundle("deep.tar.gz", {"stacks/on-cpu.folded": b"p;t" + b";f" * 5000 + b" 7\np;t 3\n"})
    root = svg_root(export("deep.tar.gz", "--as", "svg"))
    check(len(svg_frames(root)) == 257, "frames of a deep stack")
    check(any("70.00 % is in stacks deeper than 256" in (text.text or "") for text in root.iter(SVG + "text")),
          "nothing is said about a deep stack")


OFF_CPU = b"# triage-stacks/1 view=off-cpu unit=us\np;t;main;[k] futex_wait 7000000\n"
WAKEUP = (b"# triage-stacks/1 view=wakeup unit=us\n"
          b"p;t;main;[k] futex_wait;--;[k] wake_up_q;[k] do_futex;unlock;main 5000000\n"
          b"p;t;main;[k] ep_poll;--;[k] ep_poll_callback;[k] net_rx_action;[k] ret_from_intr 2000000\n")
FAULTS = [("p;t;main;fill;[k] asm_exc_page_fault;[k] handle_mm_fault;[k] clear_page_erms", 300, True),
          ("p;t;main;fill;[k] asm_exc_page_fault", 200, True),
          ("p;t;main;[k] asm_exc_page_fault;[k] irqentry_exit;[k] schedule", 100, False),
          ("p;t;main;fill", 400, False)]


def views():
    make_bundle("off.tar.gz", {"stacks/off-cpu.folded": OFF_CPU, "stacks/wakeup.folded": WAKEUP})
    svg = svg_root(export("off.tar.gz", "--as", "svg", "--view", "off-cpu"))
    check(svg.find(SVG + "title").text == "Off-CPU flame graph", "title of off-cpu")
    make_bundle("count.tar.gz", {"stacks/wakeup.folded": b"# triage-stacks/1 view=wakeup unit=count\np;t 1200\n"})
    svg = svg_root(export("count.tar.gz", "--as", "svg", "--view", "wakeup"))
    check(svg_frames(svg)[0].title == "all \u2014 1,200, 100 % of all", "wakeups are counted")
    words = export("off.tar.gz", "--as", "svg", status=2)
    check("no on-cpu stacks" in words and "off-cpu, wakeup" in words, words)
    check("The perf stage makes them: `triage run --stage vmstat,top,perf`" in words, words)


def legend(svg):
    return [element.text for element in svg.iter(SVG + "text") if element.get("class") == "key"]


def wakers():
    svg = svg_root(export("off.tar.gz", "--as", "svg", "--view", "wakeup"))
    frames = {frame.name: frame for frame in svg_frames(svg)}
    check(svg.find(SVG + "title").text == "Wakeup flame graph", "title of wakeup")
    check(legend(svg) == ["program, threads", "asleep", "waker", "waker in interrupt, softirq", "unknown"], legend(svg))
    check(frames["net_rx_action"].fill not in (frames["wake_up_q"].fill, frames["futex_wait"].fill), "colour of softirq")
    check(frames["unlock"].y < frames["--"].y < frames["futex_wait"].y, "the waker stands on the sleeper")


def hot_and_cold():
    hot = b"p;t;main;compute 3000000\nq;u;main 500000\n"
    make_bundle("both.tar.gz", {"evidence.json": evidence(), "stacks/on-cpu.folded": hot, "stacks/off-cpu.folded": OFF_CPU})
    folded = export("both.tar.gz", "--as", "folded", "--view", "hot-cold").decode()
    check(folded == "# triage-stacks/1 view=hot-cold unit=us\np;t;(off CPU);main;[k] futex_wait 7000000\n"
          "p;t;(on CPU);main;compute 3000000\nq;u;(on CPU);main 500000\n", folded)
    svg = svg_root(export("both.tar.gz", "--as", "svg", "--view", "hot-cold"))
    frames = {frame.name: frame for frame in svg_frames(svg)}
    check(frames["p"].weight == 10000000, "both halves are in the program")
    check(legend(svg) == ["program, threads", "hot: on a CPU", "cold: off the CPU", "unknown"], legend(svg))

    def hue(frame):
        red, _, blue = (int(frame.fill[i:i + 2], 16) for i in (1, 3, 5))
        return red - blue
    check(hue(frames["compute"]) > 60 and hue(frames["(on CPU)"]) > 60, "hot is not warm")
    check(hue(frames["futex_wait"]) < -60 and hue(frames["(off CPU)"]) < -60, "cold is not blue")
    scope = json.loads(export("both.tar.gz", "--as", "speedscope", "--view", "hot-cold"))
    check(scope["profiles"][0]["endValue"] == 10500000, "speedscope of both")
    words = export("b.tar.gz", "--as", "svg", "--view", "hot-cold", status=2)
    check("no off-cpu stacks" in words and 'it has "on-cpu"' in words and "locate stage" in words and
          "triage run --full" in words, words)
    make_bundle("mixed.tar.gz", {"stacks/on-cpu.folded": hot, "stacks/off-cpu.folded": b"# triage-stacks/1 unit=count\np 1\n"})
    refuse("can't stand beside", "mixed.tar.gz", "--as", "svg", "--view", "hot-cold")


def page_faults():
    text = "".join(f"{stack} {weight}\n" for stack, weight, _ in FAULTS).encode()
    make_bundle("faults.tar.gz", {"evidence.json": evidence(), "stacks/on-cpu.folded": text})
    folded = export("faults.tar.gz", "--as", "folded", "--view", "page-faults").decode().splitlines()[1:]
    check(folded == [f"{stack} {weight}" for stack, weight, wanted in FAULTS if wanted], "stacks of page faults:", folded)
    svg = svg_root(export("faults.tar.gz", "--as", "svg", "--view", "page-faults"))
    check(any("500 \u00b5s of 1.00 ms in all" in (text.text or "") for text in svg.iter(SVG + "text")), "share of faults")
    check("page fault" in legend(svg), legend(svg))
    make_bundle("calm.tar.gz", {"stacks/on-cpu.folded": b"p;t;main 5\n"})
    svg = svg_root(export("calm.tar.gz", "--as", "svg", "--view", "page-faults"))
    check(any("no sample was taken in a page fault" in (text.text or "") for text in svg.iter(SVG + "text")), "no faults")


def refuse(words, *arguments):
    said = export(*arguments, status=2)
    check(words in said, "no", repr(words), "in", repr(said))


def refusals():
    make_bundle("none.tar.gz", {"evidence.json": evidence()})
    refuse("it has none", "none.tar.gz", "--as", "svg")
    make_bundle("bad.tar.gz", {"stacks/on-cpu.folded": b"p;t;main 5\np;t;main\n"})
    refuse("stacks/on-cpu.folded: line 2", "bad.tar.gz", "--as", "folded")
    refuse('there is no "png"', "b.tar.gz", "--as", "png")
    refuse('there is no "cpu"', "b.tar.gz", "--as", "svg", "--view", "cpu")
    refuse("say what as", "b.tar.gz")
    refuse("one input at a time", "b.tar.gz", "off.tar.gz", "--as", "svg")
    refuse("No such file", "missing.tar.gz", "--as", "svg")


def files():
    os.umask(0o027)
    check(export("b.tar.gz", "--as", "svg", "-O", "out.svg") == b"", "something on stdout beside -O")
    with open("out.svg", "rb") as file:
        check(file.read() == export("b.tar.gz", "--as", "svg"), "-O writes what stdout gets")
    check(os.stat("out.svg").st_mode & 0o777 == 0o640, "mode of the file")
    export("b.tar.gz", "--as", "folded", "-O", "out.svg")
    with open("out.svg", encoding="utf-8") as file:
        check(file.readline() == HEADER, "a regular file is replaced")
    os.symlink("out.svg", "link")
    os.mkfifo("pipe")
    os.mkdir("folder")
    for path in "link", "pipe", "folder", "/dev/null":
        refuse("not a regular file", "b.tar.gz", "--as", "svg", "-O", path)
    refuse("No such file", "b.tar.gz", "--as", "svg", "-O", "nowhere/out.svg")
    check(sorted(name for name in os.listdir() if name.startswith("out.")) == ["out.svg"], "drafts are left behind")


def terminals():
    """An SVG is not for a terminal; folded text is."""
    for name, status in (("svg", 2), ("speedscope", 2), ("folded", 0)):
        master, slave = os.openpty()
        run = subprocess.run([TRIAGE, "export", "bare.tar.gz", "--as", name], stdout=slave, stderr=subprocess.PIPE,
                             timeout=60, check=False)
        check(run.returncode == status, name, "on a terminal:", run.returncode)
        check(status == 0 or b"-O FILE" in run.stderr, name, "on a terminal:", run.stderr)
        os.close(slave)
        os.close(master)


def standard_input():
    with open("b.tar.gz", "rb") as file:
        run = subprocess.run([TRIAGE, "export", "-", "--as", "folded"], stdin=file, stdout=subprocess.PIPE,
                             timeout=60, check=False)
    check(run.stdout == export("b.tar.gz", "--as", "folded"), "a bundle on standard input")


def main():
    if not jsonschema:
        print("without python3-jsonschema: speedscope's JSON is checked less")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for case in (all_formats, heading, without_evidence, hostile_names, limits, views, wakers, hot_and_cold,
                     page_faults, refusals, files, terminals,
                     standard_input):
            case()
        os.chdir("/")
    print(f"{len(failures)} failures" if failures else "ok")
    return bool(failures)


sys.exit(main())
