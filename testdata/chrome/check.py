#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Is a file a Chrome trace that its readers take? Strict, by the rules of the format, without any of our code.

    check.py FILE...

Every event has name, ph, ts, pid and tid of the right types; X have dur; slices of one track nest; each arrow has one
begin and one end, the end not before the begin, both inside a slice of their track (bp "e"); counters have numbers and
go forward in time; every track that has slices has one name, every process too.
"""
import collections
import decimal
import json
import sys

PHASES = "XMsfCi"


class Refused(Exception):
    pass


def need(right, *words):
    if not right:
        raise Refused(" ".join(map(str, words)))


def ns(number, what):
    """Microseconds as exact nanoseconds."""
    need(isinstance(number, (int, decimal.Decimal)) and number >= 0, what, "is not a time:", number)
    whole = decimal.Decimal(number) * 1000
    need(whole == whole.to_integral_value(), what, "is finer than a nanosecond:", number)
    return int(whole)


def unique(pairs):
    keys = [key for key, _ in pairs]
    need(len(set(keys)) == len(keys), "a key twice:", keys)
    return dict(pairs)


def check_keys(event):
    need(isinstance(event, dict), "not an object:", event)
    for key, kind in (("name", str), ("ph", str), ("pid", int), ("tid", int)):
        need(isinstance(event.get(key), kind), key, "of", event)
    need(event["ph"] in PHASES, "phase of", event)
    need(event["pid"] >= 0 and event["tid"] >= 0, "track of", event)
    allowed = {"name", "ph", "ts", "pid", "tid", "args", "cname", "cat", "dur", "id", "bp", "s"}
    need(set(event) <= allowed, "unknown keys of", event)
    need(isinstance(event.get("args", {}), dict), "args of", event)
    need(all(ord(c) >= 32 and c != "\x7f" for c in event["name"]), "control characters in", event)


def check_nesting(track, slices):
    """Each begins after the one before it ended, or ends with it at the latest."""
    open_slices = []
    for begin, end, name in sorted(slices, key=lambda part: (part[0], -part[1])):
        while open_slices and open_slices[-1] <= begin:
            open_slices.pop()
        need(not open_slices or end <= open_slices[-1], "slices overlap on", track, "at", begin, name)
        open_slices.append(end)


def check_arrows(arrows, slices):
    begins = {track: sorted(parts) for track, parts in slices.items()}

    def inside(track, time):
        parts = begins.get(track, [])
        low, high = 0, len(parts)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if parts[middle][0] <= time else (low, middle)
        return any(begin <= time <= end for begin, end, _ in parts[max(0, low - 3):low])

    for name, ends in arrows.items():
        need(sorted(ends) == ["f", "s"], "arrow", name, "has", sorted(ends))
        (begin, begin_track), (end, end_track) = ends["s"], ends["f"]
        need(begin <= end, "arrow", name, "goes back in time")
        need(inside(begin_track, begin), "arrow", name, "begins in no slice of", begin_track, "at", begin)
        need(inside(end_track, end), "arrow", name, "ends in no slice of", end_track, "at", end)


class Trace:
    def __init__(self, document):
        need(isinstance(document, dict), "not an object")
        need(document.get("displayTimeUnit") in ("ns", "ms"), "displayTimeUnit")
        events = document.get("traceEvents")
        need(isinstance(events, list), "no traceEvents")
        self.document = document
        self.slices, self.names, self.processes = collections.defaultdict(list), {}, {}
        self.arrows, self.counters = collections.defaultdict(dict), collections.defaultdict(list)
        for event in events:
            check_keys(event)
            getattr(self, "take_" + event["ph"])(event, ns(event.get("ts"), "ts"), (event["pid"], event["tid"]))
        self.check()

    def take_X(self, event, time, track):
        self.slices[track].append((time, time + ns(event.get("dur"), "dur"), event["name"]))

    def take_M(self, event, _time, track):
        if event["name"].endswith("sort_index"):
            need(isinstance(event["args"].get("sort_index"), int), "sort_index of", event)
            return
        need(event["name"] in ("thread_name", "process_name"), "metadata", event)
        need(isinstance(event["args"].get("name"), str) and event["args"]["name"], "no name in", event)
        names, key = (self.names, track) if event["name"] == "thread_name" else (self.processes, track[0])
        need(key not in names, "a second name for", key)
        names[key] = event["args"]["name"]

    def take_arrow(self, event, time, track):
        need(isinstance(event.get("id"), (int, str)) and isinstance(event.get("cat"), str), "id and cat of", event)
        ends = self.arrows[(event["cat"], event["id"])]
        need(event["ph"] not in ends, "two ends of", event)
        ends[event["ph"]] = (time, track)

    take_s = take_arrow

    def take_f(self, event, time, track):
        need(event.get("bp") == "e", "bp of", event)
        self.take_arrow(event, time, track)

    def take_C(self, event, time, _track):
        need(event["args"], "a counter without values:", event)
        for value in event["args"].values():
            need(isinstance(value, int) and value >= 0, "value of", event)
        values = self.counters[(event["pid"], event["name"])]
        need(not values or values[-1][0] < time, "counter does not go forward:", event)
        need(not values or set(values[-1][1]) == set(event["args"]), "other series:", event)
        values.append((time, event["args"]))

    def take_i(self, event, _time, _track):
        need(event.get("s") in ("g", "p", "t"), "scope of", event)

    def check(self):
        for track, parts in self.slices.items():
            check_nesting(track, parts)
            need(track in self.names, "no name for", track)
            need(track[0] in self.processes, "no process name for", track)
        check_arrows(self.arrows, self.slices)


def load(text):
    return Trace(json.loads(text, parse_float=decimal.Decimal, object_pairs_hook=unique))


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            try:
                trace = load(file.read())
            except (Refused, ValueError) as why:
                sys.exit(f"{path}: {why}")
        print(f"{path}: {sum(map(len, trace.slices.values()))} slices on {len(trace.slices)} tracks, "
              f"{len(trace.arrows)} arrows, {sum(map(len, trace.counters.values()))} values")


if __name__ == "__main__":
    main()
