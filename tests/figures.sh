#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/figures.sh BUILD: runs the benchmark and holds its exact counts against what README.md promises.
# Ends in "N passed, N failed".
# seconds: 25
set -u
build=$1
passed=0 failed=0
tests/bench/run "$build" "$build/kernel/vmlinuz" "$build/initramfs.cpio" || exit 1
at_most() { # NAME LIMIT
	if jq -e --arg n "$1" --argjson l "$2" '.[$n] <= $l' "$build/bench.json" >/dev/null; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1 is $(jq --arg n "$1" '.[$n]' "$build/bench.json"), more than $2"
	fi
}
at_most linux_guest_instructions 385000000
at_most linux_total_ticks 387000000
at_most linux_exits 1800
at_most linux_end_exits 6000
at_most cpuid_roundtrip_ticks 160
at_most in_roundtrip_ticks 220
at_most rdtsc_exit_ticks 150
at_most first_guest_instruction_ticks 22000000
at_most measure_byte_ticks 2.5
at_most hv_text_bytes 98304
at_most hv_memory_bytes 8388608
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
