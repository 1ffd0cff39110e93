# SPDX-License-Identifier: BSD-2-Clause
# The executable spec and the cross-checks against stock Bochs.

SPEC_C := $(wildcard spec/*.c)
SPEC_O := $(SPEC_C:%.c=$B/hosted/%.o)

RUNNER_C := $(wildcard model/runner/*.c) $(wildcard model/*.c) $(filter-out spec/step.c,$(SPEC_C)) hv/native/ata.c hv/native/tables.c
RUNNER_S := $(wildcard model/runner/*.S) boot/head.S
RUNNER_O := $(RUNNER_C:%.c=$B/runner/%.o) $(RUNNER_S:%.S=$B/runner/%.o)

$B/libspec.a: $(SPEC_O)
	rm -f $@
	ar rcs $@ $^

$B/runner/%.o: %.c GNUmakefile model/model.mk
	@mkdir -p $(@D)
	$(CC) $(filter-out -Wconversion,$(FREESTANDING)) -c -o $@ $<

$B/runner/%.o: %.S GNUmakefile
	@mkdir -p $(@D)
	$(CC) -Wall -Werror -g -I. -Ihv -MMD -MP -c -o $@ $<

$B/model/runner.bin: $(RUNNER_O) boot/hv.ld
	@mkdir -p $(@D)
	$(CC) $(FREESTANDING) -static -nostdlib -no-pie -Wl,-T,boot/hv.ld -Wl,--gc-sections -Wl,--build-id=none \
		-Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -o $(@:.bin=.elf) $(RUNNER_O)
	objcopy -O binary $(@:.bin=.elf) $@

-include $(RUNNER_O:.o=.d) $(SPEC_O:.o=.d)

# ---- the host side
MODEL_C := $(wildcard model/host/*.c) $(wildcard model/*.c)
MODEL_O := $(MODEL_C:%.c=$B/modelhost/%.o)

$B/modelhost/%.o: %.c GNUmakefile model/model.mk
	@mkdir -p $(@D)
	$(CC) $(COMMON) -D_GNU_SOURCE -c -o $@ $<

$B/model/model: $(MODEL_O) $B/libspec.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ -ljson-c

-include $(MODEL_O:.o=.d)

CASES := 1000000
SNIPPETS := 3000
SEED := 1

.PHONY: model
model: $B/model/model $B/model/runner.bin $B/oprom.bin emulate $B/model/walks $(GUEST) ## cross-check the executable spec with Bochs, and emulation: CASES=, SNIPPETS=, SEED=, SHARD=k/n
	$B/model/model $B --seed $(SEED) --entry $(CASES) --ept $(CASES) $(if $(SHARD),--shard $(SHARD)) --report $B/model/report.json && status=0 || status=$$?; \
	model/emulate/run $B --seed $(SEED) --cases $(SNIPPETS) $(if $(SHARD),--shard $(SHARD)) --report $B/model/report.json || status=$$?; \
	model/walks/run $B $(SEED) 6 100 $B/model/report.json || status=$$?; exit $$status

.PHONY: model-mutants
model-mutants: $B/model/model $B/model/runner.bin $B/oprom.bin ## seed faults into the executable spec and count those found
	model/mutants $B

check-needs: $B/model/model $B/model/runner.bin $B/monitor/hv.bin $B/monitor-fault/hv.bin emulate $B/model/walks

# ---- the hypervisor with every VM entry checked: reprise with REPRISE_LIBDIR=$B/monitor
MONITOR_C := $(NATIVE_C) $(LIVE_C) $(filter-out spec/step.c,$(SPEC_C)) $(wildcard spec/effects/*.c) model/runner/caps.c model/monitor/monitor.c model/monitor/effects.c
MONITOR_O := $(MONITOR_C:%.c=$B/monitorobj/%.o) $(NATIVE_S:%.S=$B/native/%.o)

$B/monitorobj/%.o: %.c GNUmakefile model/model.mk
	@mkdir -p $(@D)
	$(CC) $(if $(filter hv/%,$<),$(FREESTANDING),$(filter-out -Wconversion,$(FREESTANDING))) -c -o $@ $<

$B/monitorobj/hv/native/sha256.o: FREESTANDING := $(filter-out -mgeneral-regs-only,$(FREESTANDING)) -mavx -msha
$B/monitorobj/hv/native/pagehash.o: FREESTANDING := $(filter-out -mgeneral-regs-only,$(FREESTANDING)) -mavx512f -mvaes -maes

$B/monitor/hv.elf: $(MONITOR_O) $B/monitorobj/model/monitor/sound.o
$B/monitor-fault/hv.elf: $(MONITOR_O) $B/monitorobj/model/monitor/fault.o
$B/monitor/hv.elf $B/monitor-fault/hv.elf: boot/hv.ld
	@mkdir -p $(@D)
	model/monitor/link $@ $(filter %.o,$^)
	@echo $(filter %.o,$^) >$(@D)/objects

$B/monitor/hv.bin $B/monitor-fault/hv.bin: %.bin: %.elf $B/oprom.bin
	objcopy -O binary $< $@
	cp $B/oprom.bin $(@D)/

.PHONY: monitor
monitor: $B/monitor/hv.bin $B/monitor-fault/hv.bin

-include $(MONITOR_O:.o=.d)

.PHONY: matrix
matrix: monitor $B/reprise $(GUEST) $B/fuzz/tool ## the agreement matrix from the last `make model`: build/model/matrix.txt, .html
	model/matrix $B

.PHONY: monitor-guests
monitor-guests: monitor guests $B/reprise ## the guests under test with every VM entry checked by the spec: ONLY=PATTERN
	REPRISE_LIBDIR=$(abspath $B/monitor) B=$B GUEST_TIMEOUT=240 tests/run-guests $(ONLY)

# ---- emulation equality: snippets on bare Bochs and under the hypervisor
EMULATE_FLAGS = $(GUEST_FLAGS) -I.

.PHONY: emulate
emulate: $B/emulate/64/all.o $B/emulate/32/all.o $B/model/emulate-compare $B/reprise $B/hv.bin monitor

$B/emulate/64/%.o: model/emulate/%.c GNUmakefile model/model.mk
	@mkdir -p $(@D)
	$(CC) -m64 $(EMULATE_FLAGS) -c -o $@ $<
$B/emulate/32/%.o: model/emulate/%.c GNUmakefile model/model.mk
	@mkdir -p $(@D)
	$(CC) -m32 $(EMULATE_FLAGS) -c -o $@ $<
$B/emulate/64/enter.o: model/emulate/enter.S model/emulate/case.h tests/guests/lib/stubs.h
	@mkdir -p $(@D)
	$(CC) -m64 -I. -I$(GUESTS)/lib -c -o $@ $<
$B/emulate/32/enter.o: model/emulate/enter.S model/emulate/case.h tests/guests/lib/stubs.h
	@mkdir -p $(@D)
	$(CC) -m32 -I. -I$(GUESTS)/lib -c -o $@ $<
$B/emulate/%/all.o: $B/emulate/%/guest.o $B/emulate/%/case.o $B/emulate/%/enter.o | guests
	ld -r $(if $(filter 32,$*),-m elf_i386) -z noexecstack -o $@ $(filter $B/emulate/%,$^) $(filter-out %/real.o,$(GUEST_LIB$*))

$B/model/emulate-compare: model/emulate/compare.c model/emulate/case.c model/emulate/case.h model/emulate/kinds.def model/emulate/waivers.def $B/libhv.a
	@mkdir -p $(@D)
	$(CC) $(COMMON) -D_GNU_SOURCE -o $@ $(filter %.c %.a,$^)

$B/model/walks: model/walks/walks.c $B/libspec.a
	@mkdir -p $(@D)
	$(CC) $(COMMON) -D_GNU_SOURCE -o $@ $(filter %.c %.a,$^)
