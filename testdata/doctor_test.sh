#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# doctor_test.sh TRIAGE: `triage doctor` here, and where evidence is hidden from it in a mount namespace of its own.
triage=$1
failed=0

# expect WHAT EXIT TEXT COMMAND...: the command leaves with EXIT and prints TEXT.
expect() {
	what=$1 code=$2 text=$3
	shift 3
	output=$("$@" 2>&1)
	got=$?
	if [ $got -ne "$code" ] || ! printf '%s\n' "$output" | grep -qF -- "$text"; then
		printf '%s: exit %d (not %d), or no "%s" in:\n%s\n' "$what" $got "$code" "$text" "$output"
		failed=1
	fi
}

# hidden FOLDER...: doctor with an empty folder over each of them.
hidden() {
	unshare --mount sh -ec 'triage=$1; shift
		for folder; do [ ! -d "$folder" ] || mount -t tmpfs none "$folder"; done
		exec "$triage" doctor' sh "$triage" "$@"
}

expect "arguments are refused" 2 "takes no arguments" "$triage" doctor nonsense
expect "help" 0 "usage: triage doctor" "$triage" doctor --help
output=$("$triage" doctor)
usual=$?
rows=$(printf '%s\n' "$output" | grep -cE '^(ok|limited|missing) ')
if [ "$rows" -ne 11 ]; then
	printf '%d rows instead of 11:\n%s\n' "$rows" "$output"
	failed=1
fi

if ! unshare --mount true 2>/dev/null; then
	echo "what is hidden was not tried: that needs root"
	exit $failed
fi
expect "no pressure" 1 "psi=1" hidden /proc/pressure
expect "no tracefs" $usual "mount -t tracefs tracefs /sys/kernel/tracing" \
	hidden /sys/kernel/tracing /sys/kernel/debug
exit $failed
