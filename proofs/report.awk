# SPDX-License-Identifier: BSD-2-Clause
# The whole from its parts: reads lines of facts, prints the table, writes the reports, exits 1 if the gate fails.

function fail(text) { failures[++nfail] = text }
function list(set,    k, s) { s = ""; for (k in set) s = s (s == "" ? "" : ", ") "\"" k "\""; return "[" s "]" }
function size(set,    k, n) { n = 0; for (k in set) n++; return n }
function state(f) { return (f in unproved) ? "not proved yet" : !fcontract[f] ? "none" : ffunctional[f] ? "functional" : "safety" }
function escape(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return s }
function htmlise(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); return s }

$1 == "core" { core[$2]; next }
$1 == "expected" { expected[$2] = $3; next }
$1 == "unreachable" { unreachable[$2] = $3; next }
$1 == "trusted" { trusted[$2]; next }
$1 == "@" && $3 == "stale" { fail("proofs/unproved names " $4 ", which does not exist"); next }
$1 == "@" { file = $2; if ($3 != "unproved") files[++nfiles] = file; next }
$1 == "goals" { filegoals[file] = $2; goals += $2; proved += $3; next }
$1 == "seconds" { seconds[file] = $2; next }
$1 == "most" { if ($2 > most) { most = $2; mostgoal = $3 } next }
$1 == "smokes" { smokes += $2; next }
$1 == "smoke_failed" { dead[$2]++; deadgoal[$2] = $3; deadfile[$2] = file; next }
$1 == "axiom" { axioms[$2]; next }
$1 == "axiomatic" { axiomatics[$2]; next }
$1 == "absurd" { absurd[$2]; next }
$1 == "called" { called[$2]; next }
$1 == "owned" { owned[$2]; next }
$1 == "used" { used[$2]; next }
$1 == "admit" { admits[$2 " (" $3 ")"]; next }
$1 == "lemmas" { lemmas += $2; next }
$1 == "unproved" { unproved[$2]; next }
$1 == "function" {
	if ($2 in where) next	# an inline function of a header counts once
	where[$2] = file
	order[++nf] = $2
	fgoals[$2] = $3; fproved[$2] = $4; fms[$2] = $5; fby[$2] = $6; fcontract[$2] = $7; ffunctional[$2] = $8
	functional += $8
	next
}
$1 == "bad" { sub(/^bad /, ""); fail(file ": " $0) }

END {
	for (i = 1; i <= nfiles; i++) {
		f = files[i]
		if (!(f in filegoals)) { fail(f ": no result"); continue }
		if (!(f in expected)) fail(f ": proofs/expected does not say how many goals it has")
		else if (filegoals[f] < expected[f]) fail(f ": " filegoals[f] " goals, expected at least " expected[f])
	}
	for (f in dead) {
		if (dead[f] > unreachable[f] + 0) {
			smoke_failed += dead[f]
			fail(deadfile[f] ": smoke test: a contradiction, or code that cannot be reached: " deadgoal[f])
		}
	}
	for (a in axioms) if (!(a in trusted)) fail("axiom " a " is not listed in TRUSTED.md")
	for (a in admits) fail("admitted: " a)
	for (f in called) if (!(f in core)) {
		doors[f]
		if (!(f in trusted)) fail("the contract of " f " is trusted, and TRUSTED.md does not list it")
	}
	for (a in axiomatics) if (!(("absurd_" a) in absurd)) fail("axiomatic " a " has no lemma absurd_" a)
	if (whole) for (a in used) if (!(a in owned)) fail("lemma " a " is used and proved nowhere")

	printf "%-34s %6s %6s %8s  %-18s %s\n", "function", "goals", "proved", "seconds", "by", "contract"
	last = ""
	for (i = 1; i <= nf; i++) {
		f = order[i]
		if (where[f] != last) { last = where[f]; print last ":" }
		printf "  %-32s %6d %6d %8.1f  %-18s %s\n", f, fgoals[f], fproved[f], fms[f] / 1000, fby[f], \
			state(f)
	}
	functions = nf - size(unproved)
	printf "\ntrusted axioms (%d): ", size(axioms); for (a in axioms) printf " %s", a
	printf "\ntrusted doors (%d): ", size(doors); for (a in doors) printf " %s", a
	printf "\n\n%d goals, %d proved, %d of them lemmas; %d smoke tests, %d failed; most steps: %d (%s)\n", \
		goals, proved, lemmas, smokes, smoke_failed, most, mostgoal
	printf "%d of %d functions proved, %d of these with functional contracts; %d functions not proved yet\n", \
		functions, nf, functional, size(unproved)
	for (i = 1; i <= nfail; i++) print "FAILED: " failures[i]

	printf "{\n \"goals\": %d, \"proved\": %d, \"functions\": %d, \"functions_functional\": %d,\n", goals, proved, nf, functional > json
	printf " \"axioms\": %d, \"doors\": %d, \"admits\": %d, \"smoke_tests\": %d, \"smoke_failed\": %d,\n", \
		size(axioms), size(doors), size(admits), smokes, smoke_failed > json
	printf " \"functions_not_proved_yet\": %d, \"failures\": %d,\n", size(unproved), nfail > json
	printf " \"axiom_list\": %s,\n \"door_list\": %s,\n \"function\": [\n", list(axioms), list(doors) > json
	for (i = 1; i <= nf; i++) {
		f = order[i]
		printf "  {\"name\": \"%s\", \"file\": \"%s\", \"goals\": %d, \"proved\": %d, \"seconds\": %.1f, \"provers\": \"%s\", \"state\": \"%s\"}%s\n", \
			f, where[f], fgoals[f], fproved[f], fms[f] / 1000, fby[f], \
			state(f), (i < nf ? "," : "") > json
	}
	printf " ],\n \"failure\": [" > json
	for (i = 1; i <= nfail; i++) printf "%s\"%s\"", (i > 1 ? ", " : ""), escape(failures[i]) > json
	printf "]\n}\n" > json

	print "<!DOCTYPE html><meta charset=utf-8><title>Proofs</title>" \
		"<style>body{font:15px sans-serif;margin:2em}td,th{padding:.1em .8em;text-align:left}td.n{text-align:right}" \
		".no{color:#a00}</style><h1>Proofs</h1>" > html
	printf "<p>%d goals, %d proved. %d of %d functions proved, %d with functional contracts. %d axioms, %d doors, %d admits; %d smoke tests, %d failed.</p>\n", \
		goals, proved, functions, nf, functional, size(axioms), size(doors), size(admits), smokes, smoke_failed > html
	for (i = 1; i <= nfail; i++) printf "<p class=no>%s</p>\n", htmlise(failures[i]) > html
	print "<table><tr><th>function<th>file<th>goals<th>proved<th>seconds<th>by<th>contract" > html
	for (i = 1; i <= nf; i++) {
		f = order[i]
		printf "<tr%s><td>%s<td>%s<td class=n>%d<td class=n>%d<td class=n>%.1f<td>%s<td>%s\n", \
			((f in unproved || fproved[f] < fgoals[f]) ? " class=no" : ""), f, where[f], fgoals[f], fproved[f], \
			fms[f] / 1000, fby[f], state(f) > html
	}
	print "</table><p>Trusted axioms: " > html
	for (a in axioms) print a > html
	print "<p>Trusted doors: " > html
	for (a in doors) print a > html
	exit nfail > 0 || goals == 0
}
