# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's runs as a table: how often triage was right. Runs are kept in a file, one a line, so that a table can be
made in several sittings: a run counts as long as the program and the scenario are the same."""

import hashlib
import json
import os
import pathlib
import platform
import statistics

HERE = pathlib.Path(__file__).resolve().parent


def build_key(triage, name):
    """Names what was tried: the program and everything that the scenario is made of, but for what is said of its misses."""
    digest = hashlib.sha256(pathlib.Path(triage).read_bytes())
    for path in [*sorted((HERE / name).rglob("*")), *sorted((HERE / "loads").iterdir()), HERE / "load.sh", HERE / "network.sh"]:
        if path.is_file():
            digest.update(b"".join(line for line in path.read_bytes().splitlines(True) if not line.startswith(b'\t"known_miss"')))
    return digest.hexdigest()[:16]


class Runs:
    """The file of runs, and those of them that still count."""

    def __init__(self, path, keys, afresh):
        self.path, self.keys = path, keys
        path.parent.mkdir(parents=True, exist_ok=True)
        if afresh:
            path.unlink(missing_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.rows = [row for row in map(json.loads, lines)
                     if keys.get(row["scenario"]) == row["key"] and row["outcome"] != "skipped"]

    def add(self, row):
        row = dict(row, key=self.keys[row["scenario"]])
        self.rows.append(row)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def count(self, name):
        return sum(row["scenario"] == name for row in self.rows)


# ---- the table -------------------------------------------------------------------------------------------


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def median(rows, key, form):
    numbers = [row[key] for row in rows if isinstance(row.get(key), (int, float))]
    return format(statistics.median(numbers), form) if numbers else "-"


def is_healthy(scenario):
    return scenario["expect"].get("status") == "healthy"


def scenario_line(scenario, rows):
    tried = [row for row in rows if row["outcome"] != "skipped"]
    got = dict.fromkeys(row["got"] for row in tried if row.get("got"))
    hits = f"{sum(row['outcome'] == 'hit' for row in tried)}/{len(tried)}" if tried else "skipped"
    verdicts = f"{sum(bool(row.get('verdict_hit')) for row in tried)}/{len(tried)}" if tried else "skipped"
    return "| " + " | ".join(map(cell, (
        scenario["name"], scenario["title"], scenario["wanted"], "; ".join(got), verdicts, hits,
        median(tried, "confidence", ".2f"), median(tried, "wall_s", ".1f"), median(tried, "own_cpu_pct", ".1f")))) + " |"


def miss_lines(scenario, rows):
    missed = [row for row in rows if row["outcome"] == "FAILED"]
    told = ["; ".join(row["misses"]) + (f" [{row['disturbed']}]" if row.get("disturbed") else "") for row in missed]
    lines = [f"- **{scenario['name']}**: {each} ({told.count(each)} of {len(rows)})" for each in dict.fromkeys(told)]
    if missed and scenario.get("known_miss"):
        lines.append(f"  Why: {scenario['known_miss']}")
    return lines


def skip_lines(scenario, rows):
    return [f"- {scenario['name']}: {reason}"
            for reason in dict.fromkeys(row["misses"][0] for row in rows if row["outcome"] == "skipped")]


def total_lines(scenarios, rows):
    tried = [row for row in rows if row["outcome"] != "skipped"]
    healthy = {scenario["name"] for scenario in scenarios if is_healthy(scenario)}
    calm = [row for row in tried if row["scenario"] in healthy]
    right = sum(bool(row.get("verdict_hit")) for row in tried)
    all_right = sum(row["outcome"] == "hit" for row in tried)
    alarms = sum(row.get("status") == "findings" for row in calm)
    return [
        f"- {len({row['scenario'] for row in tried})} scenarios, {len(tried)} runs, {len(rows) - len(tried)} skipped",
        f"- primary cause and subject right: {right} of {len(tried)}, **{percent(right, len(tried))}**",
        f"- everything else that a scenario expects right, too (contributors, arrows, what must not be found, measurements): "
        f"{all_right} of {len(tried)}, {percent(all_right, len(tried))}",
        f"- false alarms on the healthy ones: {alarms} of {len(calm)} runs of {len(healthy)} scenarios",
    ]


def host_line(rows):
    first, last = min(row["when"] for row in rows), max(row["when"] for row in rows)
    versions = ", ".join(sorted({row["version"] for row in rows if row.get("version")}))
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (f"Runs from {first} to {last}, Linux {platform.release()}, {os.cpu_count()} CPUs, {memory_gib:.0f} GiB; "
            f"triage {versions}.")


def table(scenarios, rows):
    """The whole text. `scenarios`: as loaded, with "wanted" in words."""
    by_name = {scenario["name"]: [row for row in rows if row["scenario"] == scenario["name"]] for scenario in scenarios}
    misses = [line for scenario in scenarios for line in miss_lines(scenario, by_name[scenario["name"]])]
    skips = [line for scenario in scenarios for line in skip_lines(scenario, by_name[scenario["name"]])]
    never = [scenario["name"] for scenario in scenarios if not by_name[scenario["name"]]]
    lines = ["# How often triage is right", "",
             "Made by `./setup lab --repeat N --write docs/ACCURACY.md`; the loads are in `testdata/scenarios/`. A run is right when the",
             "primary cause and its subject are the expected ones; `all` counts the runs in which everything else was right, too.",
             "", host_line(rows), "", *total_lines(scenarios, rows), "",
             "| scenario | load | expected | got | verdict | all | confidence | seconds | own CPU % |", "|---|---|---|---|---|---|---|---|---|"]
    lines += [scenario_line(scenario, by_name[scenario["name"]]) for scenario in scenarios if by_name[scenario["name"]]]
    lines += ["", "## Misses", "", *(misses or ["None."])]
    if skips or never:
        lines += ["", "## Not tried", "", *skips]
        lines += [f"- not run yet: {', '.join(never)}"] if never else []
    return "\n".join(lines) + "\n"
