#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/fuzz.sh BUILD: every seed and every past reproducer through its harness, without instrumentation; and text and
# bytes of steps are the same thing.
# seconds: 20
set -u
build=$1
passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for harness in fuzz/harness/*.c; do
	name=${harness##*/}
	name=${name%.c}
	dirs=$(ls -d "fuzz/seeds/$name" "fuzz/regress/$name" 2>/dev/null)
	# shellcheck disable=SC2086
	if [ -n "$dirs" ] && timeout 60 "$build/fuzz/plain/$name" $dirs >"$log" 2>&1; then
		passed=$((passed + $(sed -n 's/ inputs$//p' "$log")))
	else
		failed=$((failed + 1))
		echo "FAILED: harness $name"
		tail -n 3 "$log"
	fi
done
if "$build/fuzz/tool" check fuzz/seeds/exit/* fuzz/regress/exit/* >"$log" 2>&1; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	echo "FAILED: steps as text and back are the same steps"
	cat "$log"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
