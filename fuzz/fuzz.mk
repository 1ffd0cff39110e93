# SPDX-License-Identifier: BSD-2-Clause
# Fuzzing (fuzz/README.md). Builds of the same sources: plain (regressions, figures), afl (campaigns), san (ASan and UBSan,
# campaigns), cov (llvm-cov), path (is the path the same each time?), libfuzzer, msan (by hand).

FUZZ := $B/fuzz
FUZZ_HARNESSES := $(notdir $(basename $(wildcard fuzz/harness/*.c)))
FUZZ_C := $(wildcard fuzz/*.c)
# The readers of the tool that take what a stranger gives them.
FUZZ_READERS := gdb_packet guest file workload workload_grammar explain_parse explain_dump recording journal_file container_read states snapshots
FUZZ_LIBS := -Wl,--as-needed -larchive -lconfuse -ljson-c -lcrypto
# The core with hosted bodies; the input door has three bodies at once, told apart by a prefix.
FUZZ_LIB_C := $(filter-out fuzz/run.c fuzz/path.c fuzz/blind.c fuzz/tool.c fuzz/mutator.c,$(FUZZ_C)) $(filter-out hv/crc32c.c,$(CORE)) $(wildcard hv/hosted/*.c) \
	hv/input/follow.c hv/input/state.c hv/input/states.c hv/input/snapshot.c hv/input/checkpoint.c hv/input/trace_none.c \
	spec/entry.c spec/caps.c spec/vmcs.c spec/step.c $(wildcard spec/effects/*.c) $(FUZZ_READERS:%=replay/%.c)
FUZZ_BODIES := live record replay
FUZZ_DOOR := begin started console ready time wait boundary end
FUZZ_FLAGS := -std=gnu11 -g $(WARN) -I. -Ihv -Ihv/hosted -Ifuzz -D_GNU_SOURCE -MMD -MP

FUZZ_CC_plain := $(CC) -O2
FUZZ_CC_afl := afl-clang-fast -O2
FUZZ_CC_san := afl-clang-fast -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_CC_cov := clang -O1 -fprofile-instr-generate -fcoverage-mapping
FUZZ_CC_msan := clang -O1 -fsanitize=memory -fno-omit-frame-pointer
FUZZ_CC_path := clang -O1 -fno-pie -fsanitize-coverage=trace-pc-guard
FUZZ_CC_libfuzzer := clang -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

define fuzz_build
$(FUZZ)/$1/%.o: %.c GNUmakefile fuzz/fuzz.mk
	@mkdir -p $$(@D)
	AFL_QUIET=1 $$(FUZZ_CC_$1) $$(FUZZ_FLAGS) -c -o $$@ $$<

# the harness says what the build is
$(FUZZ)/$1/replay/recording.o: replay/recording.c GNUmakefile fuzz/fuzz.mk
	@mkdir -p $$(@D)
	AFL_QUIET=1 $$(FUZZ_CC_$1) $$(FUZZ_FLAGS) -Drecording_build=recording_build_of_files -c -o $$@ $$<

$(FUZZ_BODIES:%=$(FUZZ)/$1/hv/input/%.o): $(FUZZ)/$1/hv/input/%.o: hv/input/%.c GNUmakefile fuzz/fuzz.mk
	@mkdir -p $$(@D)
	AFL_QUIET=1 $$(FUZZ_CC_$1) $$(FUZZ_FLAGS) $$(foreach d,$(FUZZ_DOOR),-Dinput_$$d=$$*_input_$$d) -c -o $$@ $$<

$(FUZZ)/$1/core.a: $(FUZZ_LIB_C:%.c=$(FUZZ)/$1/%.o) $(FUZZ_BODIES:%=$(FUZZ)/$1/hv/input/%.o)
	rm -f $$@
	ar rcs $$@ $$^

fuzz-$1: $(FUZZ_HARNESSES:%=$(FUZZ)/$1/%)
.PHONY: fuzz-$1
-include $$(wildcard $(FUZZ)/$1/fuzz/*.d $(FUZZ)/$1/fuzz/*/*.d $(FUZZ)/$1/hv/*.d $(FUZZ)/$1/hv/*/*.d $(FUZZ)/$1/replay/*.d $(FUZZ)/$1/spec/*.d $(FUZZ)/$1/spec/*/*.d)
endef
$(foreach b,plain afl san cov msan path libfuzzer,$(eval $(call fuzz_build,$b)))
.PRECIOUS: $(FUZZ)/%.o

$(FUZZ)/plain/%: $(FUZZ)/plain/fuzz/harness/%.o $(FUZZ)/plain/fuzz/run.o $(FUZZ)/plain/core.a
	$(FUZZ_CC_plain) -o $@ $^ $(FUZZ_LIBS)
$(FUZZ)/cov/%: $(FUZZ)/cov/fuzz/harness/%.o $(FUZZ)/cov/fuzz/run.o $(FUZZ)/cov/core.a
	$(FUZZ_CC_cov) -o $@ $^ $(FUZZ_LIBS)
$(FUZZ)/path/%: $(FUZZ)/path/fuzz/harness/%.o $(FUZZ)/path/fuzz/path.o $(FUZZ)/path/core.a
	$(FUZZ_CC_path) -no-pie -o $@ $^ $(FUZZ_LIBS)
$(FUZZ)/msan/%: $(FUZZ)/msan/fuzz/harness/%.o $(FUZZ)/msan/fuzz/run.o $(FUZZ)/msan/core.a
	$(FUZZ_CC_msan) -o $@ $^ $(FUZZ_LIBS)
# afl++'s driver: LLVMFuzzerTestOneInput in persistent mode, input in shared memory
$(FUZZ)/afl/%: $(FUZZ)/afl/fuzz/harness/%.o $(FUZZ)/afl/core.a
	AFL_QUIET=1 $(FUZZ_CC_afl) -fsanitize=fuzzer -o $@ $^ $(FUZZ_LIBS)
$(FUZZ)/san/%: $(FUZZ)/san/fuzz/harness/%.o $(FUZZ)/san/core.a
	AFL_QUIET=1 $(FUZZ_CC_san) -fsanitize=fuzzer -o $@ $^ $(FUZZ_LIBS)
$(FUZZ)/libfuzzer/%: $(FUZZ)/libfuzzer/fuzz/harness/%.o $(FUZZ)/libfuzzer/core.a
	$(FUZZ_CC_libfuzzer) -fsanitize=fuzzer -o $@ $^ $(FUZZ_LIBS)

$(FUZZ)/tool: $(FUZZ)/plain/fuzz/tool.o $(FUZZ)/plain/core.a
	$(FUZZ_CC_plain) -o $@ $^

.PHONY: fuzz-regress
fuzz-regress: fuzz-plain $(FUZZ)/tool ## run all fuzzing seeds and past reproducers
	tests/fuzz.sh $B

FUZZ_SECONDS := 300
JOBS := 1
HARNESS := exit

.PHONY: fuzz fuzz-ci fuzz-repro
fuzz: fuzz-afl $(FUZZ)/tool $(FUZZ)/mutator.so $(FUZZ)/sdm.dict ## fuzz until Ctrl-C (JOBS=n, HARNESS=exit)
	@JOBS=$(JOBS) fuzz/campaign $B until-stopped $(HARNESS)

fuzz-ci: fuzz-afl fuzz-san fuzz-cov fuzz-path fuzz-plain $(FUZZ)/tool $(FUZZ)/mutator.so $(FUZZ)/sdm.dict ## fuzz all harnesses for FUZZ_SECONDS; fails on anything new
	@fuzz/campaign $B ci $(FUZZ_SECONDS)

fuzz-repro: fuzz-plain $(FUZZ)/tool all $B/monitor/hv.bin ## explain CRASH=file: story, broken rule, stack, a guest that shows it
	@fuzz/campaign $B repro $(CRASH)

$(FUZZ)/mutator.so: fuzz/mutator.c spec/step.c spec/step.h spec/steps.def hv/vmcs.def hv/exits.def fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(CC) -O2 $(FUZZ_FLAGS) -fPIC -shared -o $@ fuzz/mutator.c spec/step.c

# MSRs, exit reasons, VMCS encodings, control-register bits: what the SDM's constants in hv/ are worth, as bytes
$(FUZZ)/sdm.dict: hv/x86.h hv/exits.def hv/vmcs.def fuzz/dictionary
	@mkdir -p $(@D)
	fuzz/dictionary > $@
check-needs: fuzz-plain $(FUZZ)/tool

.PHONY: fuzz-flags fuzz-sources fuzz-libraries fuzz-door fuzz-mutants
fuzz-flags:
	@echo '$(filter-out -MMD -MP $(WARN),$(FUZZ_FLAGS))'
fuzz-sources:
	@echo '$(FUZZ_LIB_C)'
fuzz-libraries:
	@echo '$(FUZZ_LIBS)'
fuzz-door:
	@echo '$(FUZZ_DOOR)'

fuzz-mutants: fuzz-plain fuzz-afl fuzz-san $(FUZZ)/san/fuzz/blind.o $(FUZZ)/mutator.so $(FUZZ)/sdm.dict $B/mutate ## which of 40 seeded faults fuzzing finds, 60 s each (long; JOBS=n)
	fuzz/mutants -j $(JOBS) -b $B

.PHONY: fuzz-own
fuzz-own: fuzz-plain fuzz-afl $(FUZZ)/mutator.so ## put your own exit handlers (HANDLER=file.c) under the oracle
	@fuzz/own $B $(HANDLER)

bench: fuzz-plain fuzz-afl fuzz-san fuzz-cov $(FUZZ)/tool $(FUZZ)/mutator.so $(FUZZ)/sdm.dict

# the fuzzer's body of hv/crc32c.h under another name, beside the core's, for tests/test_crc32c.c
$B/tests/fuzz/crc32c.o: COMMON += -Dcrc32c=fuzz_crc32c
$B/unit: $B/tests/fuzz/crc32c.o
