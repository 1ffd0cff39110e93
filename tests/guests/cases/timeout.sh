# SPDX-License-Identifier: BSD-2-Clause
# A guest that hangs ends by --timeout, with the documented status and one line.
. tests/guests/lib/case.inc
run hang --kernel "$guests/long/hang" --memory 16M --append "" --timeout 4
[ $status = 124 ] || fail "status $status"
grep -q 'time-out after 4 s' "$work/hang.stderr" || fail "no message: $(cat "$work/hang.stderr")"
