#!/bin/sh
# Dependencies point one way: fails when a floor of lib/ includes one that it must not know.
# usage: check-floors.sh SOURCE_ROOT
cd "$1" || exit 1
failed=0

forbid() { # FLOOR: must not include OTHER...
	floor=$1
	shift
	for other in "$@"; do
		if grep -n "#include \"$other/" lib/"$floor"/*.[ch] | grep -v '_test\.c:\|_fuzz\.c:'; then
			echo "lib/$floor must not include lib/$other" >&2
			failed=1
		fi
	done
}

forbid base symbol source model evidence stage rule import bundle report
forbid source symbol model evidence stage rule import bundle report
forbid symbol model evidence stage rule import bundle report
forbid model symbol source evidence stage rule import bundle report
forbid evidence symbol source model stage rule import bundle report
forbid rule symbol source model stage import bundle report
forbid bundle symbol source model stage rule import report
forbid report symbol source model stage import bundle
forbid import symbol source model stage rule bundle report
forbid stage import bundle report
exit $failed
