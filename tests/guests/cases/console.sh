# SPDX-License-Identifier: BSD-2-Clause
# What is typed reaches a guest that sleeps in HLT, and what it answers comes back.
. tests/guests/lib/case.inc
(sleep 2; printf 'hello '; sleep 1; printf 'world.') |
	timeout -k 5 60 "$reprise" run --kernel "$guests/long/uart_echo" --memory 16M --append "" --pace real >"$work/out" 2>"$work/stderr"
status=${PIPESTATUS[1]}
[ "$status" = 0 ] || fail "status $status: $(cat "$work/out" "$work/stderr")"
grep -q 'HELLO WORLD\.' "$work/out" || fail "the answer is wrong: $(cat "$work/out")"
