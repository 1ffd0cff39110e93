# SPDX-License-Identifier: BSD-2-Clause
# What Frama-C said about one file, as lines of facts: goals, functions, what is assumed, and "bad" for each reason to fail.
# Input: FILE.status FILE.log FILE.smoke FILE.absurd FILE.csv; variables: file, skipped (functions not proved yet, "a,b,")

# The function (or lemma) that a goal belongs to: the longest function name that the goal's name begins with.
function owner(goal,    f, best) {
	sub(/^typed_/, "", goal)
	if (goal ~ /^(check_)?lemma_/)
		return "lemmas"
	best = ""
	for (f in defined)
		if (index(goal "_", f "_") == 1 && length(f) > length(best))
			best = f
	return best == "" ? "?" : best
}

function milliseconds(line,    total, t) {
	total = 0
	while (match(line, /[0-9.]+m?s\)/)) {
		t = substr(line, RSTART, RLENGTH - 1)
		if (t ~ /ms$/)
			total += substr(t, 1, length(t) - 2)
		else
			total += 1000 * substr(t, 1, length(t) - 1)
		line = substr(line, RSTART + RLENGTH)
	}
	return total
}

FNR == 1 { part = FILENAME; sub(/.*\./, "", part) }

part == "status" && $1 == "status" { status = $2 }
part == "status" && $1 == "smoke" && $2 != 0 { bad["the smoke tests did not run (status " $2 ")"] }
part == "status" && $1 == "absurd" && $2 != 0 { bad["the absurd lemmas did not run (status " $2 ")"] }

part == "log" && /^\[rte:annot\] annotating function / { defined[$NF] }
part == "log" && /^\[wp\] \[[^]]*\] Goal / {
	prover = $0
	sub(/^\[wp\] \[/, "", prover)
	sub(/\].*/, "", prover)
	goal = $0
	sub(/.* Goal /, "", goal)
	valid = goal ~ / : Valid/
	sub(/ .*/, "", goal)
	if (!((goal, prover) in seen)) {
		seen[goal, prover]
		n++
		name[n] = goal
		by[n] = prover
		ok[n] = valid
		ms[n] = milliseconds($0)
		if (!valid)
			bad["unproved goal " goal]
		if (prover !~ /^(Qed|CFG)/ && match($0, /\([0-9]+\)( \(cached\))?$/)) {
			s = substr($0, RSTART + 1) + 0
			if (s > most) { most = s; mostgoal = goal }
		}
	}
}
part == "log" && /^\[wp\] Proved goals:/ { proved = $4; goals = $6; summary = 1 }
part == "log" && /Warning:/ {
	text = $0
	if (/Warning: *$/) { getline more; text = text " " more }
	if (text !~ /Memory model hypotheses/)
		bad["warning: " text]
}
part == "log" && /(User|Plug-in) Error|^\[kernel\].*[Ee]rror|Fatal|aborted/ && !/Classified errors|Plug-in report aborted/ { bad["error: " $0] }

part == "smoke" && /^\[wp\] \[Passed\] Smoke-test/ { smokes++ }
part == "smoke" && /^\[wp\] \[Failed\] Smoke-test/ { smoke_failed++; fail = $NF; print "smoke_failed", owner(fail), fail }
part == "smoke" && /^\[wp\] \[Partial\] Smoke-test/ { smokes++ }

part == "absurd" && /^\[wp\] \[[^]]*\] Goal typed_check_lemma_absurd_/ {
	goal = $0
	sub(/.*typed_check_lemma_/, "", goal)
	valid = goal ~ / : Valid/
	sub(/ .*/, "", goal)
	if (valid) bad["absurd lemma proved: " goal]
	else print "absurd", goal
}

part == "csv" && FNR > 1 {
	split($0, c, "\t")
	f = c[4]
	if (c[1] ~ /FRAMAC_SHARE/ || f ~ /^__builtin/)
		next
	kind = c[5]
	if (c[6] == "Unknown" && kind != "precondition")
		unknown = 1
	if (kind == "user hypothesis")
		print "admit", f, c[2] ":" c[3]
	if (f in defined) {
		if (c[6] == "Considered valid" && kind !~ /from clause/)
			print "admit", f, c[2] ":" c[3]
		if (kind == "assigns clause" && c[7] ~ /^assigns/)
			contract[f] = 1
		if (kind == "postcondition" && c[7] !~ /^([a-z_]+: )?\\false$/)
			functional[f] = 1
	} else if (c[6] == "Considered valid" && f != "")
		called[f]
}

END {
	if (!summary)
		bad["no result: status " status]
	for (i = 1; i <= n; i++) {
		o = owner(name[i])
		g[o]++
		p[o] += ok[i]
		t[o] += ms[i]
		short = by[i]
		sub(/ .*/, "", short)
		if (ok[i] && index(used[o], short) == 0)
			used[o] = used[o] (used[o] == "" ? "" : ",") short
		valid_count += ok[i]
	}
	if (summary && (n != goals || valid_count != proved))
		bad["goals: " proved " of " goals " by the summary, " valid_count " of " n " in the log"]
	# A call in a function that is not proved yet leaves its callee's precondition unknown.
	if (summary && status != 0 && proved == goals && (skipped == "" || unknown))
		bad["the classification of properties failed (status " status ")"]
	print "goals", goals + 0, proved + 0
	print "smokes", smokes + 0
	print "most", most + 0, mostgoal
	split(skipped, list, ",")
	for (i in list) if (list[i] != "")	# Frama-C says nothing of these
		print "function " list[i] " 0 0 0 - 0 0\nunproved " list[i]
	for (f in defined) {
		if (!(f in contract)) bad["no contract: " f]
		print "function", f, g[f] + 0, p[f] + 0, t[f] + 0, (used[f] == "" ? "-" : used[f]), (f in contract) + 0, (f in functional) + 0
	}
	if ("lemmas" in g) print "lemmas", g["lemmas"], p["lemmas"]
	if ("?" in g) bad[g["?"] " goals of no function"]
	for (f in called) print "called", f
	for (b in bad) print "bad", b
}
