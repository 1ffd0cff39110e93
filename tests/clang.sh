#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/clang.sh BUILD: the second compiler builds everything without a warning, and what it builds works.
# Ends in "N passed, N failed".
# seconds: 30
set -u
build=$1
passed=0 failed=0
verdict() { # SENTENCE STATUS-OF-TEST
	if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1"; fi
}
make -s CC=clang LTO= B="$build/clang" all "$build/clang/unit" >"$build/clang.log" 2>&1 && [ ! -s "$build/clang.log" ]
verdict "clang builds all without a warning: $(head -n 3 "$build/clang.log")" $?
"$build/clang/unit" >/dev/null
verdict "the unit tests pass" $?
run() { timeout -k 5 60 "$1/reprise" run --kernel "$build/guests/long/marks" --memory 16M --append "" --console "file:$2" </dev/null 2>/dev/null; }
run "$build/clang" "$build/clang/marks.console" && run "$build" "$build/marks.console" && cmp "$build/clang/marks.console" "$build/marks.console"
verdict "a guest sees the same at the same positions under either compiler's hypervisor" $?
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
