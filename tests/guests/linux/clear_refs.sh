#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Inside a Linux guest: clears its Referenced bits and looks at them again. The kernel does not flush the TLB for that, so
# what it sees depends on where the VM was stopped: the same in every run only if it is stopped at the same positions.
i=0
while [ $i -lt 30 ]; do
	echo 1 >/proc/self/clear_refs
	sum=$(busybox awk '/^Referenced/ { n += $2 } END { print n }' /proc/$$/smaps)
	echo 1 >/proc/$$/clear_refs
	j=0
	while [ $j -lt 200 ]; do j=$((j + 1)); done
	after=$(busybox awk '/^Referenced/ { n += $2 } END { print n }' /proc/$$/smaps)
	echo "REFS $i $sum $after"
	i=$((i + 1))
done
