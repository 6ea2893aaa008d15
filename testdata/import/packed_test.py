#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One recording as perf writes it to a file, into a pipe and compressed: one report.
usage: packed_test.py TRIAGE FOLDER-OF-RECORDINGS
       packed_test.py --make IN OUT [-z]      what a seed of a fuzz corpus was made by"""
import json
import os
import struct
import subprocess
import sys
import tempfile

ATTR, TRACING_DATA, FEATURE, COMPRESSED = 64, 66, 80, 81
PIECE = 3000  # bytes of the stream in a record: records are cut anywhere


def record(kind, body):
    return struct.pack("<IHH", kind, 0, 8 + len(body)) + body


def features(data, at):
    bits = int.from_bytes(data[72:104], "little")
    for bit in range(256):
        if bits >> bit & 1:
            offset, size = struct.unpack_from("<QQ", data, at)
            at += 16
            yield bit, data[offset:offset + size]


def attrs(data):
    size, = struct.unpack_from("<Q", data, 16)
    offset, length = struct.unpack_from("<QQ", data, 24)
    for at in range(offset, offset + length, size):
        ids_at, ids_size = struct.unpack_from("<QQ", data, at + size - 16)
        yield data[at:at + size - 16] + data[ids_at:ids_at + ids_size]


def header_records(data, at):
    """What a pipe has in place of sections; build ids come last."""
    first, last = b"", b""
    for attr in attrs(data):
        first += record(ATTR, attr)
    for bit, body in features(data, at):
        if bit == 1:
            body += bytes(-len(body) % 8)
            first += struct.pack("<IHHI", TRACING_DATA, 0, 12, len(body)) + body
        elif bit == 2:
            last = body
        elif len(body) < 60000:
            first += record(FEATURE, struct.pack("<Q", bit) + body)
    return first, last


def compress(records):
    done = subprocess.run(["zstd", "-c", "--no-check"], input=records, capture_output=True, check=True)
    return b"".join(record(COMPRESSED, done.stdout[at:at + PIECE])
                    for at in range(0, len(done.stdout), PIECE))


def repack(data, packed):
    offset, size = struct.unpack_from("<QQ", data, 40)
    records = data[offset:offset + size]
    first, last = header_records(data, offset + size)
    return b"PERFILE2" + struct.pack("<Q", 16) + first + (compress(records) if packed else records) + last


def explain(triage, path, **options):
    done = subprocess.run([triage, "explain", "--json", path], capture_output=True, timeout=120, **options)
    if done.returncode not in (0, 1, 3):
        return done.stderr.decode()
    report = json.loads(done.stdout)
    report["window"].pop("start", None)
    return report


def main(triage, folder):
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".data"):
                continue
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            wanted = explain(triage, os.path.join(folder, name))
            for packed in (False, True):
                path = os.path.join(work, name)
                with open(path, "wb") as out:
                    out.write(repack(data, packed))
                if isinstance(wanted, str) or explain(triage, path) != wanted:
                    print(f"FAILED: {name}, {'compressed' if packed else 'pipe'}: not the report of the file")
                    failed += 1
            with open(path, "rb") as stream:
                if explain(triage, "-", stdin=stream) != wanted:
                    print(f"FAILED: {name} on standard input: not the report of the file")
                    failed += 1
    print(f"{failed} failed" if failed else "ok")
    return 1 if failed else 0


if sys.argv[1] == "--make":
    with open(sys.argv[2], "rb") as source, open(sys.argv[3], "wb") as target:
        target.write(repack(source.read(), "-z" in sys.argv))
else:
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
