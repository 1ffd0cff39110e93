# SPDX-License-Identifier: BSD-2-Clause
# Guests under test: every file in long/, protected/ and real/ is one, built to $B/guests/KIND/NAME. GNUmakefile includes this.
GUESTS := tests/guests
GUEST_FLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing -mno-red-zone -mgeneral-regs-only -I$(GUESTS)/lib -MMD -MP
GUEST_LINK := -static -nostdlib -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -Wl,-z,noexecstack
GUEST_LIB_C := $(wildcard $(GUESTS)/lib/*.c)
GUEST_LONG := $(patsubst $(GUESTS)/%.c,$B/guests/%,$(wildcard $(GUESTS)/long/*.c))
GUEST_PROTECTED := $(patsubst $(GUESTS)/%.c,$B/guests/%,$(wildcard $(GUESTS)/protected/*.c))
GUEST_REAL := $(patsubst $(GUESTS)/%.S,$B/guests/%,$(wildcard $(GUESTS)/real/*.S))
GUEST_ALL := $(GUEST_LONG) $(GUEST_PROTECTED) $(GUEST_REAL)
GUEST_LIB64 := $(patsubst $(GUESTS)/lib/%.c,$B/guests/lib64/%.o,$(GUEST_LIB_C)) $B/guests/lib64/start64.o $B/guests/lib64/vectors.o
GUEST_LIB32 := $(patsubst $(GUESTS)/lib/%.c,$B/guests/lib32/%.o,$(GUEST_LIB_C)) $B/guests/lib32/start32.o $B/guests/lib32/vectors.o

.PHONY: guests
guests: $(GUEST_ALL) $B/guests/bare64 $B/guests/bare32 ## build the guests under test

.SECONDARY:

$B/guests/lib64/%.o: $(GUESTS)/lib/%.c $(GUESTS)/guests.mk
	@mkdir -p $(@D)
	$(CC) -m64 $(GUEST_FLAGS) -c -o $@ $<
$B/guests/lib64/%.o: $(GUESTS)/lib/%.S $(GUESTS)/guests.mk
	@mkdir -p $(@D)
	$(CC) -m64 -MMD -MP -c -o $@ $<
$B/guests/lib32/%.o: $(GUESTS)/lib/%.c $(GUESTS)/guests.mk
	@mkdir -p $(@D)
	$(CC) -m32 $(GUEST_FLAGS) -c -o $@ $<
$B/guests/lib32/%.o: $(GUESTS)/lib/%.S $(GUESTS)/guests.mk
	@mkdir -p $(@D)
	$(CC) -m32 -MMD -MP -c -o $@ $<
$B/guests/long/%.o: $(GUESTS)/long/%.c $(GUESTS)/guests.mk
	@mkdir -p $(@D)
	$(CC) -m64 $(GUEST_FLAGS) -c -o $@ $<
$B/guests/protected/%.o: $(GUESTS)/protected/%.c $(GUESTS)/guests.mk
	@mkdir -p $(@D)
	$(CC) -m32 $(GUEST_FLAGS) -c -o $@ $<
$B/guests/real/%.o: $(GUESTS)/real/%.S $(GUESTS)/guests.mk
	@mkdir -p $(@D)
	$(CC) -m32 -I$(GUESTS)/lib -MMD -MP -c -o $@ $<

$(GUEST_LONG): %: %.o $(GUEST_LIB64) $(GUESTS)/lib/guest.ld
	$(CC) -m64 $(GUEST_LINK) -Wl,-T,$(GUESTS)/lib/guest.ld -o $@ $(filter %.o,$^)
$(GUEST_PROTECTED): %: %.o $(GUEST_LIB32) $(GUESTS)/lib/guest.ld
	$(CC) -m32 $(GUEST_LINK) -Wl,-T,$(GUESTS)/lib/guest.ld -o $@ $(filter %.o,$^)
$(GUEST_REAL): %: %.o $B/guests/lib32/real.o $(GUESTS)/lib/real.ld
	ld -m elf_i386 -z noexecstack -T $(GUESTS)/lib/real.ld -o $@.elf $B/guests/lib32/real.o $<
	objcopy -O binary $@.elf $@

# Heads with which a guest boots on bare Bochs, without the hypervisor (tests/guests/bare).
$B/guests/bare64: $(GUESTS)/lib/bare.S $(GUESTS)/lib/real.ld
	@mkdir -p $(@D)
	$(CC) -m32 -DLONG=1 -c -o $@.o $<
	ld -m elf_i386 -z noexecstack -Ttext 0x7c00 --oformat binary -o $@ $@.o
$B/guests/bare32: $(GUESTS)/lib/bare.S
	@mkdir -p $(@D)
	$(CC) -m32 -DLONG=0 -c -o $@.o $<
	ld -m elf_i386 -z noexecstack -Ttext 0x7c00 --oformat binary -o $@ $@.o

-include $(wildcard $B/guests/*/*.d)
