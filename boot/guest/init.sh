#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What process 1 (boot/guest/report.c) runs in the guest. Kernel command line:
#   reprise.shell      an interactive shell on the console
#   reprise.run=CMD    CMD, with commas for spaces; its status is the VM's exit status
# Otherwise: say that the guest is ready, and reset.
export PATH=/bin:/sbin HOME=/ TERM=linux
# The shell finds its applets by /proc/self/exe.
busybox mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
read -r cmdline </proc/cmdline

echo GUEST-READY
uname -a
for word in $cmdline; do
	case $word in
	reprise.shell)
		busybox --install -s /bin
		export PS1='guest# '
		echo "Leave with 'exit' or 'poweroff'."
		setsid cttyhack sh
		;;
	reprise.run=*)
		command=${word#reprise.run=}
		IFS=,
		# shellcheck disable=SC2086
		set -- $command
		unset IFS
		"$@"
		report exit $?
		;;
	esac
done
report drain
