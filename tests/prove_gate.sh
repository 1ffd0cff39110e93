#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/prove_gate.sh BUILD: that the gate of the proofs can fail, one small source in tests/proofs for each way.
# seconds: 40
set -u
out=$1/prove_gate
rm -rf "$out"
mkdir -p "$out/data"
passed=0 failed=0
export STEPS=20000

# result NAME DESCRIPTION STATUS [PATTERN]: 0 = the gate passed; otherwise a line "FAILED: ...PATTERN..." is wanted
result() {
	if { [ "$3" = 0 ] && [ "$status" = 0 ]; } ||
		{ [ "$3" != 0 ] && [ "$status" != 0 ] && grep -qE "^FAILED: .*$4" "$out/$1.log"; }; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "failed: $2 (status $status)"
		tail -n 5 "$out/$1.log"
	fi
}

data() { # what the gate of these sources lists
	for f in tests/proofs/*.c; do echo "$f 1"; done >"$out/data/expected"
	: >"$out/data/unproved"
	: >"$out/data/unreachable"
	echo 'Trusted: `shade_positive` `tint_positive` `tint_negative` `tone_positive`' >"$out/data/TRUSTED.md"
}

gate() { # gate NAME: proves one source, cold
	proofs/prove -c -o "$out" -d "$out/data" "tests/proofs/$1.c" >"$out/$1.log" 2>&1
	status=$?
}

while read -r name status_wanted pattern; do
	data
	gate "$name"
	result "$name" "$name" "$status_wanted" "$pattern"
done <<'END'
good 0
goal 1 unproved goal typed_more_assert_rte_signed_overflow
lemma 1 unproved goal typed_lemma_wrong
contradiction 1 smoke test: .*nobody
unreachable 1 smoke test: .*never
axiom 1 axiom hue_secret is not listed
absurd 1 absurd lemma proved: absurd_tint
unchecked 1 axiomatic tone has no lemma absurd_tone
admit 1 admitted: admitted
contract 1 no contract: bare
door 1 the contract of back_door is trusted
memory 1 unproved goal typed_caller_call_copy_wp_typed_requires
END

# one function that is not proved yet, and one that is gone
data
echo "tests/proofs/memory.c caller" >"$out/data/unproved"
gate memory
result memory "a function that is not proved yet is left out, the rest is proved" 0
data
echo "tests/proofs/good.c nobody" >"$out/data/unproved"
gate good
result good "a stale function of proofs/unproved" 1 "names nobody, which does not exist"

# the report's numbers are those of the source
data
gate good
jq -e '.goals > 5 and .goals == .proved and .functions == 1 and .functions_functional == 1 and .axioms == 1 and .admits == 0 and
	.smoke_failed == 0 and .failures == 0' "$out/report.json" >/dev/null
status=$?
result good "the report's numbers" 0
goals=$(jq .goals "$out/report.json")
data
echo "tests/proofs/good.c $((goals + 1))" >>"$out/data/expected"
proofs/report "$out" "$out/data" '' tests/proofs/good.c >"$out/good.log" 2>&1
status=$?
result good "fewer goals than expected" 1 "$goals goals, expected at least"
: >"$out/data/expected"
proofs/report "$out" "$out/data" '' tests/proofs/good.c >"$out/good.log" 2>&1
status=$?
result good "no expectation" 1 "does not say how many goals"
data
echo tests/proofs/gone.c >"$out/data/unproved"
proofs/report "$out" "$out/data" '' tests/proofs/good.c >"$out/good.log" 2>&1
status=$?
result good "a stale line of proofs/unproved" 1 "names tests/proofs/gone.c, which does not exist"
data
rm -f "$out/tests_proofs_good.c.txt"
proofs/report "$out" "$out/data" '' tests/proofs/good.c >"$out/good.log" 2>&1
status=$?
result good "a result that is missing" 1 "no result"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
