#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line, end to end: the same report from a run and from its bundle, exit statuses, refusals.
# usage: cli_test.sh TRIAGE
set -u
triage=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

fail() { echo "FAILED: $*"; failed=1; }

expect() { # STATUS COMMAND...: leaves the output in `out` and the messages in `err`
	local wanted=$1 got
	shift
	"$@" >out 2>err
	got=$?
	[[ $got == "$wanted" ]] || fail "exit $got, wanted $wanted: $* ($(head -c 300 err))"
}

run() { # a quick run whose status is not the question
	"$triage" run -d 2 --exit-zero "$@"
}

# A bundle tells what its run told, byte for byte, in every format.
for format in text json md html; do
	run --format $format -o "$format.tar.zst" >"$format.run" 2>err || fail "run --format $format: $(cat err)"
	expect 0 "$triage" explain --exit-zero --format $format "$format.tar.zst"
	cmp "$format.run" out || fail "explain differs from run ($format)"
	"$triage" explain --exit-zero --format $format - <"$format.tar.zst" | cmp - "$format.run" ||
		fail "explain - differs from run ($format)"
done
[[ $(stat -c %a text.tar.zst) == 600 ]] || fail "mode of the bundle: $(stat -c %a text.tar.zst)"
tar --zstd -tf text.tar.zst | grep -qx manifest.json || fail "tar does not list the bundle"
tar --zstd -tf text.tar.zst | grep -q '^raw/vmstat.00/proc/stat$' || fail "no raw text in the bundle"
[[ $(tar --zstd -xOf json.tar.zst report.json | md5sum) == "$(md5sum <json.run)" ]] ||
	fail "report.json is not the report"

# Its raw text is a root that replays.
mkdir tree && tar --zstd -xf text.tar.zst -C tree
expect 0 "$triage" explain --exit-zero tree/raw
grep -q "^vmstat" out || fail "the replay has no vmstat stage"

# Redacted: neither the host's name nor raw text.
run --redact --json -o redacted.tar.zst >redacted.run 2>err || fail "run --redact: $(cat err)"
tar --zstd -tf redacted.tar.zst | grep -q ^raw/ && fail "raw text in a redacted bundle"
tar --zstd -xOf redacted.tar.zst evidence.json | grep -q '"host.name":[[:space:]]*"redacted"' ||
	fail "the host's name in a redacted bundle"
tar --zstd -xOf redacted.tar.zst report.json | grep -q '"name":[[:space:]]*"redacted"' ||
	fail "the host's name in a redacted report"

# Interrupted: what there is, and 130.
"$triage" run -d 60 -o stopped.tar.zst >out 2>err &
sleep 1.5
kill -INT $!
wait $!
[[ $? == 130 ]] || fail "interrupted run: not 130"
grep -q "^vmstat" out || fail "an interrupted run prints no report"
[[ -f stopped.tar.zst ]] || fail "an interrupted run saves no bundle"

# Refusals say what is wrong and leave with 2.
refuse() { # WORDS COMMAND...
	local words=$1
	shift
	expect 2 "$@"
	grep -q -- "$words" err || fail "no \"$words\" in: $(head -c 300 err)"
}
head -c 2000 text.tar.zst >short.tar.zst
head -c 4096 /dev/urandom >noise
refuse "truncated" "$triage" explain short.tar.zst
refuse "not a triage bundle" "$triage" explain noise
refuse "No such file" "$triage" explain nothing
refuse "there is no \"toq\"" "$triage" run --stage vmstat,toq
refuse "there is no \"yaml\"" "$triage" run --format yaml
refuse "not a number of seconds" "$triage" run -d soon
refuse "there is no command" "$triage" frobnicate
refuse "one input at a time" "$triage" explain text.tar.zst json.tar.zst
mkdir bad && echo '[ { "id": "vmstat.x", "when": ["vmstat.rr > 1"], "cause": "cpu-hog", "say": "x" } ]' >bad/10.jsonc
refuse 'vmstat.x.*did you mean' "$triage" run --rules bad --no-bundle
expect 2 "$triage" rules check bad
expect 0 "$triage" rules list
expect 0 "$triage" rules show top.thread-storm
expect 0 "$triage" --version

((failed)) || echo "ok"
exit $failed
