# SPDX-License-Identifier: BSD-2-Clause
# What the debugger needs beside the tool.

all: $B/bochs-fork.so

# The prompt of Bochs's debugger for programs, preloaded into stock Bochs.
$B/bochs-fork.so: replay/preload/fork.c replay/preload/hooks.c replay/preload/hooks.h GNUmakefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g $(WARN) -fPIC -shared -o $@ $(filter %.c,$^) -ldl

.PHONY: debug-soak
debug-soak: all $B/initramfs.cpio $B/kernel/vmlinuz guests ## 1,000 journeys of the debugger to random places and back
	tests/soak/debug $B
