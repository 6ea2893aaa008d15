#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`triage diff` of texts that people paste, against its published schema and what must be in it.

usage: diff_test.py SCHEMA TRIAGE IMPORT_FOLDER. Exits 77 (skipped) without python3-jsonschema.
"""
import json
import subprocess
import sys
import xml.etree.ElementTree as ET

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

SCHEMA, TRIAGE, FOLDER = sys.argv[1:]


def diff(before, after, *options):
    """(exit status, what was printed)."""
    done = subprocess.run([TRIAGE, "diff", f"{FOLDER}/{before}", f"{FOLDER}/{after}", *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def main():
    with open(SCHEMA, encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    failed = 0

    def expect(good, words):
        nonlocal failed
        if not good:
            print(words)
            failed += 1

    status, text, _ = diff("switches-threads.txt", "softirq-flood.txt", "--json")
    report = json.loads(text)
    for error in validator.iter_errors(report):
        expect(False, f"{list(error.absolute_path)}: {error.message}")
    changes = {(change["cause"], change["subject"]["name"]): change for change in report["changes"]}
    new = [change for change in report["changes"] if change["cause"] == "softirq-pressure"]
    expect(status == 1, f"exit {status}, wanted 1: something is new")
    expect(new and all(change["change"] == "new" for change in new), f"softirq-pressure is not new: {list(changes)}")
    storm = changes.get(("thread-storm", "sysbench"))
    expect(storm and storm["change"] in ("not seen", "gone") and not storm["after"], f"the storm: {storm}")
    expect(storm and any(number["before"] for number in storm["numbers"]), "the storm has no numbers")

    status, text, _ = diff("switches-threads.txt", "switches-threads.txt")
    expect(status == 0 and text.startswith("SAME  "), f"exit {status}, {text[:60]!r}: it differs from itself")
    status, text, _ = diff("switches-threads.txt", "softirq-flood.txt", "--format", "html")
    page = ET.fromstring(text)
    headings = [heading.text for heading in page.iter("h2")]
    expect(status == 1 and "New" in headings and page.find("body/main/header/h1") is not None, f"a page with {headings}")
    status, text, words = diff("switches-threads.txt", "no-such-file")
    expect(status == 2 and not text and "no-such-file" in words, f"exit {status}, {words!r}: a missing file")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
