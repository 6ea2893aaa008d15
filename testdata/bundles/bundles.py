#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Explains the bundles that the lab recorded, and tells which rule changed its verdict since.

    bundles.py --triage build/release/triage [--schema FILE] [--bless] [NAME...]

NAME.tar.zst beside this file is one run of the scenario NAME, NAME.golden what the rules made of it when it was last
looked at. `--bless` rewrites the goldens. Exit: 0 all as before, 1 differences, 2 usage.
"""

import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FOLDER_BYTES_MAX = 3 << 20
COMMON_NAMES = {"bash", "sh", "dash", "sleep", "sudo", "timeout", "init", "systemd"}


# ---- recording: the lab does that ------------------------------------------------------------------------


def names_of(pid):
    """Names of a process and of its threads; empty for the kernel's, and once it is gone."""
    names = set()
    proc = pathlib.Path("/proc") / str(pid)
    try:
        if (proc / "cmdline").read_bytes():
            names.add((proc / "exe").resolve().name[:15])
            names |= {path.read_text(encoding="utf-8", errors="replace").strip() for path in proc.glob("task/*/comm")}
    except OSError:
        pass
    return names


def session_of(pid):
    try:
        stat = (pathlib.Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[3])
    except (OSError, ValueError, IndexError):
        return None


def census(session):
    """(names of the processes of that session, names of all others)."""
    own, others = set(), set()
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        (own if session_of(path.name) == session else others).update(names_of(path.name))
    return own, others


def hide_word(text, names):
    """A name as it stands, or among other words."""
    return re.sub(r"[\w./:+-]+", lambda word: "other" if word[0] in names else word[0], "other" if text in names else text)


def hide_names(evidence, names):
    """What else ran on the host is nobody's business: such names become `other`."""
    names = {name for name in names | {re.sub(r"[-_#/:]?\d+$", "", name) for name in names} if len(name) >= 2} - COMMON_NAMES
    for table, rows in evidence["tables"].items():
        if table.startswith(("vmstat.", "host.")):
            continue
        for row in rows:
            row.update({column: hide_word(cell, names) for column, cell in row.items() if isinstance(cell, str)})
    evidence["metrics"].update({metric: hide_word(value, names) for metric, value in evidence["metrics"].items()
                                if isinstance(value, str) and not metric.startswith("host.")})


def save(name, bundle, strangers):
    """Keeps a redacted bundle, with its evidence only and without the strangers' names, as NAME.tar.zst."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        packed = scratch / "whole.tar.zst"
        packed.write_bytes(bundle)
        subprocess.run(["tar", "--zstd", "-xf", packed, "-C", scratch, "manifest.json", "evidence.json"], check=True)
        evidence = json.loads((scratch / "evidence.json").read_text(encoding="utf-8"))
        hide_names(evidence, strangers)
        evidence = (json.dumps(evidence, separators=(",", ":")) + "\n").encode()
        manifest = json.loads((scratch / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"] = [{"name": "evidence.json", "bytes": len(evidence),
                              "sha256": hashlib.sha256(evidence).hexdigest()}]
        (scratch / "evidence.json").write_bytes(evidence)
        (scratch / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        subprocess.run(["tar", "--use-compress-program=zstd -19", "--owner=0", "--group=0", "--numeric-owner",
                        "--mtime=@0", "--mode=600", "-cf", HERE / f"{name}.tar.zst", "-C", scratch,
                        "manifest.json", "evidence.json"], check=True)


# ---- verdicts --------------------------------------------------------------------------------------------


def explain(triage, path):
    done = subprocess.run([triage, "explain", "--json", path], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{path.name}: exit {done.returncode}, no JSON: {done.stderr.decode(errors='replace').strip()}")


def subject_of(finding):
    return (finding.get("subject") or {}).get("name", "-")


def verdict_lines(report):
    """What the rules made of it, a line for each fact: no numbers and no prose, so that only a change of mind shows."""
    findings = {finding["id"]: finding for finding in report["findings"]}

    def told(key):
        return f"{findings[key]['cause']} of {subject_of(findings[key])}, rule {findings[key]['rule']}"

    verdict = report["verdict"]
    lines = [f"status {verdict['status']}"]
    if verdict.get("primary"):
        lines.append(f"primary {told(verdict['primary']['finding'])}")
    lines += [f"contributing {other['role']} {told(other['finding'])}" for other in verdict.get("contributing", [])]
    lines += [f"arrow {arrow['link']}: {told(arrow['from'])} -> {told(arrow['to'])}" for arrow in report["chain"]]
    lines += [f"finding {finding['severity']} {finding['rule']} ({subject_of(finding)})" for finding in report["findings"]]
    lines += [f"ruled out {ruled['cause']} by {ruled['rule']}" for ruled in report["ruled_out"]]
    lines += [f"unknown {unknown['rule']}" for unknown in report["unknown"]]
    return sorted(set(lines), key=lambda line: (ORDER.index(line.split()[0]), line))


ORDER = ["status", "primary", "contributing", "arrow", "finding", "ruled", "unknown"]


def severities(lines):
    """{(rule, subject): severity} of the findings."""
    fired = {}
    for line in lines:
        match = re.fullmatch(r"finding (\S+) (\S+) \((.*)\)", line)
        if match:
            fired[match[2], match[3]] = match[1]
    return fired


def differences(before, after):
    """Which rule changed its verdict, in words."""
    words = []
    for key in ("status", "primary"):
        old, new = ([line[len(key) + 1:] for line in lines if line.startswith(f"{key} ")] for lines in (before, after))
        if old != new:
            words.append(f"{key}: was {(old or ['none'])[0]}; is {(new or ['none'])[0]}")
    old, new = severities(before), severities(after)
    for rule, subject in sorted(old.keys() | new.keys()):
        was, now = old.get((rule, subject)), new.get((rule, subject))
        if was != now:
            change = f"was {was}, is {now}" if was and now else f"fires now, {now}" if now else f"fired ({was}), not now"
            words.append(f"rule {rule} ({subject}): {change}")
    rest = ("contributing ", "arrow ", "ruled out ", "unknown ")
    words += [f"no more: {line}" for line in before if line.startswith(rest) and line not in after]
    words += [f"new: {line}" for line in after if line.startswith(rest) and line not in before]
    return words


# ---- main ------------------------------------------------------------------------------------------------


def load_validator(path):
    if not path:
        return None
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError:
        print("reports are not validated: python3-jsonschema is not installed")
        return None
    return jsonschema.Draft202012Validator(json.loads(pathlib.Path(path).read_text(encoding="utf-8")))


def look_at(path, arguments, validator):
    """Returns what is different or wrong, in words."""
    report = explain(arguments.triage, path)
    words = [f"not as the schema says: {'/'.join(map(str, error.absolute_path))}: {error.message}"
             for error in (validator.iter_errors(report) if validator else [])]
    golden = path.with_name(path.name.removesuffix(".tar.zst") + ".golden")
    lines = verdict_lines(report)
    if arguments.bless:
        golden.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return words
    if not golden.exists():
        return words + [f"no {golden.name}: look at `triage explain` and bless it"]
    return words + differences(golden.read_text(encoding="utf-8").splitlines(), lines)


def main():
    parser = argparse.ArgumentParser(description="Explains recorded bundles and compares the verdicts.")
    parser.add_argument("--triage", required=True, metavar="PATH", help="the program to try")
    parser.add_argument("--schema", metavar="FILE", help="JSON Schema of reports: validate each")
    parser.add_argument("--bless", action="store_true", help="rewrite the goldens")
    parser.add_argument("names", nargs="*", metavar="NAME", help="bundles; all when none is named")
    arguments = parser.parse_args()
    paths = [HERE / f"{name}.tar.zst" for name in arguments.names] or sorted(HERE.glob("*.tar.zst"))
    if not paths or not all(path.exists() for path in paths):
        parser.error("no such bundle")
    validator = load_validator(arguments.schema)
    changed = 0
    for path in paths:
        words = look_at(path, arguments, validator)
        changed += bool(words)
        for word in words:
            print(f"{path.name.removesuffix('.tar.zst')}: {word}")
    size = sum(path.stat().st_size for path in HERE.iterdir() if path.is_file())
    if size > FOLDER_BYTES_MAX:
        print(f"this folder has {size} bytes, {FOLDER_BYTES_MAX} are the most")
    print(f"{len(paths)} bundles, {changed} with another verdict")
    return 1 if changed or size > FOLDER_BYTES_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
