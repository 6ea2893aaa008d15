#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Validates reports against docs/schema/triage-report-1.schema.json.

usage: schema_test.py SCHEMA TRIAGE REPORT.json...

Checks the schema itself, that it refuses what it must refuse, every REPORT, and what TRIAGE prints on this
host (`-` leaves that out). Exits 77 (skipped) without python3-jsonschema.
"""
import copy
import json
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)


def complain(name, validator, report):
    """Prints what is wrong with a report; returns how much."""
    errors = sorted(validator.iter_errors(report), key=lambda error: list(map(str, error.path)))
    for error in errors:
        print(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    return len(errors)


def live_report(triage):
    run = subprocess.run([triage, "run", "--json", "--no-bundle", "-d", "1"],
                         stdout=subprocess.PIPE, timeout=120, check=False)
    if run.returncode not in (0, 1, 3):
        sys.exit(f"{triage} run: exit {run.returncode}")
    return json.loads(run.stdout)


def spoilt(report):
    """Reports that differ from a valid one by one mistake each."""
    def change(path, value):
        wrong = copy.deepcopy(report)
        place = wrong
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return wrong

    yield "schema of another version", change(["schema"], "triage-report/2")
    yield "unknown status", change(["verdict", "status"], "sick")
    yield "unknown cause", change(["ruled_out"], [{"cause": "gremlins", "rule": "a.b", "say": "", "evidence": []}])
    yield "a number as text", change(["window", "duration_s"], "3")
    yield "a stage too few", change(["stages"], report["stages"][1:])
    yield "a key of our own making", change(["extra"], 1)
    yield "a headline that is too long", change(["verdict", "headline"], "x" * 121)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = 0
    reports = {}
    for path in sys.argv[3:]:
        with open(path, encoding="utf-8") as file:
            reports[path] = json.load(file)
    if sys.argv[2] != "-":
        reports["live"] = live_report(sys.argv[2])
    for name, report in reports.items():
        wrong += complain(name, validator, report)
        for mistake, bad in spoilt(report):
            if validator.is_valid(bad):
                print(f"{name}: accepted with {mistake}")
                wrong += 1
    if not reports:
        sys.exit("no report given")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
