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

forbid base source model evidence stage rule import bundle report
forbid source model evidence stage rule import bundle report
forbid model source evidence stage rule import bundle report
forbid evidence source model stage rule import bundle report
forbid rule source model stage import bundle report
forbid bundle source model stage rule import report
forbid report source model stage import bundle
forbid stage import bundle report
exit $failed
