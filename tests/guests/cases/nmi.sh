# SPDX-License-Identifier: BSD-2-Clause
# A VM inside its NMI handler beside one that takes NMIs all the time: blocking by NMI is each VM's own.
. tests/guests/lib/case.inc
{ vm inside long/nmi_neighbour 'append = "inside"' | sed '/append = ""/d'; vm outside long/nmi_neighbour; } >"$work/two.conf"
run two --workload "$work/two.conf" --quantum 20000
[ $status = 0 ] || fail "status $status: $(cat "$work"/*.console)"
shows inside SUCCESS
shows outside SUCCESS
