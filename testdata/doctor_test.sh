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
if [ "$rows" -ne 13 ]; then
	printf '%d rows instead of 13:\n%s\n' "$rows" "$output"
	failed=1
fi

if ! unshare --mount true 2>/dev/null; then
	echo "what is hidden was not tried: that needs root"
	exit $failed
fi
expect "no pressure" 1 "psi=1" hidden /proc/pressure
# without EVENTS...: doctor with an empty folder over each of these events.
without() {
	unshare --mount sh -ec 'triage=$1; shift
		tracefs=/sys/kernel/tracing
		[ -d $tracefs/events ] || tracefs=/sys/kernel/debug/tracing
		for folder; do
			[ ! -d "$tracefs/events/$folder" ] || mount -t tmpfs none "$tracefs/events/$folder"
		done
		exec "$triage" doctor' sh "$triage" "$@"
}

# limited WHAT ROW FIX COMMAND...: the row of WHAT says ROW, and the line below it names FIX.
limited() {
	what=$1 row=$2 fix=$3
	shift 3
	output=$("$@" 2>&1 | grep -A 1 "^limited *$what ")
	if ! printf '%s\n' "$output" | head -1 | grep -qF -- "$row" ||
	   ! printf '%s\n' "$output" | tail -1 | grep -qF -- "fix: $fix"; then
		printf '%s: no "%s", or no fix "%s" in:\n%s\n' "$what" "$row" "$fix" "$output"
		failed=1
	fi
}

limited "futex tracepoints" "no tracepoint syscalls:sys_enter_futex; which lock of a program is waited for, and who holds it, stays unknown" \
	"a kernel with CONFIG_FTRACE_SYSCALLS" without syscalls/sys_enter_futex
limited "futex tracepoints" "no tracepoint syscalls:sys_exit_futex" \
	"a kernel with CONFIG_FTRACE_SYSCALLS" without syscalls/sys_exit_futex
limited "lock tracepoints" "no tracepoint lock:contention_begin; which lock of the kernel is waited for, and for how long, stays unknown" \
	"Linux 5.19 or later" without lock
limited "lock tracepoints" "tracefs is not mounted" "mount -t tracefs tracefs /sys/kernel/tracing" \
	hidden /sys/kernel/tracing /sys/kernel/debug
expect "no tracefs" $usual "mount -t tracefs tracefs /sys/kernel/tracing" \
	hidden /sys/kernel/tracing /sys/kernel/debug
exit $failed
