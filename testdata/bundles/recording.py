# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps the bundle of a run, small and without what else ran on that host. The lab does that with --record."""

import hashlib
import json
import pathlib
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KEPT = {"bash", "sh", "sleep", "timeout", "softirq", "hardirq", "idle", "unknown", "other"}
NAME_COLUMNS = {
    "top.groups": ("name", "program", "thread"),
    "top.dstate": ("program", "thread"),
    "top.parents": ("name", "program", "child_program"),
    "top.cgroups": ("program",),
    "perf.groups": ("name", "program", "thread"),
    "perf.functions": ("program", "thread"),
    "perf.classes": ("group",),
    "sched.groups": ("name", "program", "thread", "delayed_by"),
    "sched.wakes": ("name", "program", "wakee", "wakee_program"),
    "sched.blame": ("name", "program", "waiter", "waiter_program"),
}
# What tells about a stranger beside its name.
STRANGER_COLUMNS = ("cgroup", "function", "function_module", "function_line", "own_function", "own_function_line",
                    "lock_function", "lock_function_line", "module", "line")


# ---- whose names these are -------------------------------------------------------------------------------


def read(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def stem(name):
    """A thread's name without its index, as triage groups them."""
    return re.sub(r"[-_#/:. ]*\d+$", "", name) or name


def names_of_session(session):
    """Names of the processes and threads of a load."""
    names = set()
    for proc in pathlib.Path("/proc").glob("[0-9]*"):
        stat = read(proc / "stat").rpartition(")")[2].split()
        if len(stat) > 3 and stat[3] == str(session):
            names |= {read(path) for path in proc.glob("task/*/comm")}
    return names


def hide_strangers(evidence, own):
    """Names that are neither the load's nor the kernel's become `other`."""
    known = KEPT | own | {stem(name) for name in own}
    rows = [row for table in NAME_COLUMNS for row in evidence["tables"].get(table) or []]
    known |= {row.get(column) for row in rows if row.get("kind") in ("kernel", "interrupts")
              for column in ("name", "program", "thread")}
    for table, columns in NAME_COLUMNS.items():
        for row in evidence["tables"].get(table) or []:
            strangers = [column for column in columns if isinstance(row.get(column), str) and row[column] not in known]
            row.update({column: "other" for column in strangers})
            if strangers and table == "perf.functions" and row.get("module") != "kernel":
                row["name"] = "other"
            row.update({column: "memfd" for column in ("module", "function_module")
                        if str(row.get(column)).startswith("memfd:")})
            for column in STRANGER_COLUMNS if set(strangers) - {"delayed_by", "child_program"} else ():
                row.pop(column, None)
    for row in evidence["tables"].get("top.cgroups") or []:
        if "triage-lab" not in row.get("name", ""):
            row["name"] = "/other"

    def hide_thread(match):
        return match[0] if match[1] in known or stem(match[1]) in known else f"other[{match[2]}]"

    for row in evidence["tables"].get("sched.excerpt") or []:
        row["name"] = re.sub(r"([^\s\[\]]+)\[(\d+)\]", hide_thread, row["name"])
    metrics = evidence["metrics"]
    for metric in [metric for metric, value in metrics.items() if isinstance(value, str) and "[" in value]:
        metrics[metric] = re.sub(r"([^\s\[\]]+)\[(\d+)\]", hide_thread, metrics[metric])


# ---- saving ----------------------------------------------------------------------------------------------


def save(name, bundle, own):
    """Keeps a redacted bundle as NAME.tar.zst: its evidence only, and of names those in `own` and the kernel's."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        whole = scratch / "whole.tar.zst"
        whole.write_bytes(bundle)
        subprocess.run(["tar", "--zstd", "-xf", whole, "-C", scratch, "manifest.json", "evidence.json"], check=True)
        evidence = json.loads((scratch / "evidence.json").read_text(encoding="utf-8"))
        hide_strangers(evidence, own)
        text = (json.dumps(evidence, separators=(",", ":")) + "\n").encode()
        manifest = json.loads((scratch / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"] = [{"name": "evidence.json", "bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}]
        (scratch / "evidence.json").write_bytes(text)
        (scratch / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        subprocess.run(["tar", "--use-compress-program=zstd -19", "--owner=0", "--group=0", "--numeric-owner",
                        "--mtime=@0", "--mode=600", "-cf", HERE / f"{name}.tar.zst", "-C", scratch,
                        "manifest.json", "evidence.json"], check=True)
