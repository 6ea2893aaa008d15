# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by every load. A load runs in its own session, says `ready` when it stands, then `hold`s until
# it is told to stop (SIGTERM) or a minute is over. What it did it undoes, last first, whatever happens.
#
#   WORK          a folder of its own, removed by the caller
#   READY         file to create when the load stands (ready, or a program of loads/ does)
#   TRIAGE_LOADS  folder of the compiled programs of loads/

set -euo pipefail
: "${WORK:?}" "${READY:?}" "${TRIAGE_LOADS:?}"
cd "$WORK"

LIMIT_S=50
undo=()

# later COMMAND: at the end, run this command line; the last one goes first.
later()
{
	undo=("$1" "${undo[@]}")
}

# skip REASON: this host can't do that; not a failure.
skip()
{
	echo "$*" >&2
	exit 77
}

ready()
{
	: >"$READY"
}

hold()
{
	sleep "$LIMIT_S" &
	local nap=$!
	later "stop $nap"
	wait "$nap" || true
}

stop()
{
	kill -TERM "$1" || return 0
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$1" || break
		sleep 0.1
	done
	kill -KILL "$1"
	wait "$1"
}

# start COMMAND...: in the background, stopped at the end. It should end by itself within a minute, too.
# Its PID is in $started.
start()
{
	"$@" >"$WORK/output" 2>&1 </dev/null &
	started=$!
	later "stop $started"
}

# cgroup_make CONTROLLER NAME: a cgroup NAME-PID below the root, its folder in $cgroup, v1 or v2 as the host has it
# ($cgroup_version).
cgroup_make()
{
	local root

	if root=$(findmnt -nr -o TARGET,FS-OPTIONS -t cgroup | awk -v c="$1" \
		'("," $2 ",") ~ ("," c ",") { print $1; exit }') && [ -n "$root" ]; then
		cgroup_version=1
	else
		root=$(findmnt -nr -o TARGET -t cgroup2 | head -n 1)
		[ -n "$root" ] || skip "no cgroup file system is mounted"
		local controller=${1/blkio/io}
		grep -qw "$controller" "$root/cgroup.controllers" ||
			skip "no cgroup controller $controller"
		grep -qw "$controller" "$root/cgroup.subtree_control" || {
			echo "+$controller" >"$root/cgroup.subtree_control" ||
				skip "controller $controller can't be switched on"
			later "echo -$controller >'$root/cgroup.subtree_control'"
		}
		cgroup_version=2
	fi
	cgroup=$root/$2-$$
	mkdir "$cgroup" || skip "no cgroup can be made below $root"
	later "cgroup_remove '$cgroup'"
}

# A cgroup stays busy for a moment after its last process.
cgroup_remove()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		rmdir "$1" && return
		sleep 0.1
	done
}

# cgroup_start COMMAND...: start, inside $cgroup from the first instruction on.
cgroup_start()
{
	start bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' in-cgroup "$cgroup" "$@"
}

# loop_make MIB [OPTION...]: a loop device over a new file in $WORK, its name in $loop.
loop_make()
{
	local mib=$1

	shift
	fallocate -l "${mib}MiB" "$WORK/disk.img"
	loop=$(losetup --find --show "$@" "$WORK/disk.img") || skip "no loop device can be had"
	later "losetup -d $loop"
}

# slow_disk_make: a loop device that writes 1 MB/s for processes in $cgroup, its name in $loop. The limit is
# on the disk below it: held back there, requests stay in flight in the loop device, as they do in a slow disk;
# held back at the loop device itself they would wait before its counters.
slow_disk_make()
{
	local device disk

	device=$(stat -c %Hd:%Ld "$WORK")
	disk=$(readlink -f "/sys/dev/block/$device") && [ -e "$disk/dev" ] || skip "$WORK is not on a disk"
	[ ! -e "$disk/partition" ] || device=$(cat "$(dirname "$disk")/dev")
	loop_make 64 --direct-io=on
	cgroup_make blkio triage-lab-disk
	if [ "$cgroup_version" = 1 ]; then
		echo "$device 1048576" >"$cgroup/blkio.throttle.write_bps_device"
	else
		echo "$device wbps=1048576" >"$cgroup/io.max"
	fi
}

finish()
{
	trap '' TERM INT HUP
	set +e
	exec 2>/dev/null
	for command in "${undo[@]}"; do
		eval "$command"
	done
}

trap finish EXIT
trap 'exit 143' TERM INT HUP
