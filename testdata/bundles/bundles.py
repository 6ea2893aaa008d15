#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Explains the bundles that the lab recorded, and tells which rule changed its verdict since.

    bundles.py --triage build/release/triage [--schema FILE] [--bless] [NAME...]

NAME.tar.zst beside this file is one run of the scenario NAME, NAME.golden what the rules made of it when it was last
looked at. `--bless` rewrites the goldens. Exit: 0 all as before, 1 differences, 2 usage.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FOLDER_BYTES_MAX = 3 << 20


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
