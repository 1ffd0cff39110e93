# SPDX-License-Identifier: BSD-2-Clause
# A position does not depend on what is intercepted or how RAM is mapped: the same marks, the same end, the same output.
. tests/guests/lib/case.inc
one() { # NAME OPTION...
	run "$1" --kernel "$guests/long/marks" --memory 16M --append "" --digest --console "file:$work/$1.console" "${@:2}"
	[ $status = 0 ] || fail "$1: status $status"
	records 'select(.type == "mark" or .type == "end") | [.type, .value, .position, .vtime]' "$1" >"$work/$1.marks"
}
one plain
[ "$(wc -l <"$work/plain.marks")" = 8 ] || fail "marks are missing"
one every --intercept all
one small --map-4k
one both --intercept all --map-4k --ips 100000000
for name in every small both; do
	cmp "$work/plain.marks" "$work/$name.marks" || fail "$name: positions differ"
	cmp "$work/plain.console" "$work/$name.console" || fail "$name: output differs"
done
exits() { records 'select(.type == "end") | .exits' "$1"; }
[ "$(exits every)" -gt $(($(exits plain) + 1000)) ] || fail "the intercepts were not on: $(exits every) exits, $(exits plain) without"
