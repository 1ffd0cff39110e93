#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Inside a Linux guest: prints what differs from run to run, and answers a line that is typed.
echo "name?"
read -r name
echo "hello $name"
grep -E 'XT-PIC|^ERR' /proc/interrupts
/ld-linux-x86-64.so.2 --library-path / /date +%N
busybox head -c 16 /dev/urandom | busybox od -An -tx1
