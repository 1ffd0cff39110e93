/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints and watchpoints inside stock Bochs, as many as there is room for, at a cost that hardly depends on how many.
 * Bochs's own debugger compares each instruction and access with a list of at most 16. Here a bit table is asked first:
 *
 *   cpu_loop --call--> [stub] --> boundary() --> BX_CPU_C::dbg_instruction_epilog()    after each instruction
 *   access_* --call--> bx_instr_lin_access  (empty in stock Bochs: a jump to access() while there are watchpoints)
 *   walks    --call--> bx_instr_phy_access  (the same)
 *
 * The calls in cpu_loop are found by their target, the functions by their names, the CPU's fields by their names in Bochs's
 * own parameter tree. Only the emulator's code is changed, nothing of the machine that it emulates.
 *
 *   !break ADDRESS VPID CR3     a linear address; VPID 0 and CR3 ffffffffffffffff: any. Guests only.
 *   !watch ADDRESS BYTES RW     physical; 1 reading, 2 writing, 3 both
 *   !entry 0|1                  stop before an instruction of a guest that has a VPID
 *   !exits N VPID               stop after the N-th VM exit from now (VPID 0: of any VM)
 *   !note 0|1                   do not stop at hits, remember the last ones
 *   !trail 0|1 VPID             remember the last boundaries before an instruction of a guest (VPID 0: of any)
 *   !set NAME VALUE             a register: Bochs's name for a general one or a part of a vector, RIP, EFLAGS
 *   !clear                      none of all these
 *   !counts                     hits of each watchpoint, then of each breakpoint: "#what index hits"
 *   !hits, !steps               what was remembered, oldest first: "instructions-ago what address index"
 */
#define _GNU_SOURCE
#include "hooks.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BREAKS 1024
#define WATCHES 256
#define RING 256
#define TABLE_BITS 4096		/* by the low bits of an address; for watchpoints by those of its page */
#define LOOP_BYTES 0x1000	/* of cpu_loop, more or less */
#define LONG_64 4		/* cpu_mode: CS.base counts as 0 */
#define ANY UINT64_MAX

enum { READ = 1, WRITE = 2, EXECUTE = 4, ENTRY = 8, EXIT = 16 };

/* Where the CPU keeps what the hooks look at. */
static struct {
	const uint64_t *rip, *base, *cr3, *icount;
	const uint32_t *mode;
	const uint8_t *guest;
	const uint16_t *vpid;
} cpu;

static struct { uint64_t address, cr3, hits; uint16_t vpid, next; } breaks[BREAKS];
static uint16_t break_first[TABLE_BITS];	/* with the same bit in the table: a list of numbers, each plus one */
static struct { uint64_t address, end, hits; unsigned rw; } watches[WATCHES];
static unsigned break_count, watch_count;
static unsigned char break_table[TABLE_BITS / 8], watch_table[TABLE_BITS / 8];

struct hit { uint64_t icount, address; unsigned what, index; };
static struct ring { struct hit hit[RING]; uint64_t count; } hits, steps, stopped;
static bool entry, note, trail;
static bool on, other;			/* anything is set; anything but breakpoints and watchpoints */
static bool accessed;			/* a watchpoint was hit in the instruction that is under way: stop after it */
static unsigned trail_vpid, exits_vpid;
static unsigned long exits;		/* so many more; 0: do not count */
static bool was_guest;

static bool (*epilog)(void *this);

static void add(struct ring *ring, uint64_t icount, unsigned what, uint64_t address, unsigned index)
{
	ring->hit[ring->count++ % RING] = (struct hit){ icount, address, what, index };
}

static bool bit(const unsigned char *table, uint64_t n)
{
	return (table[n % TABLE_BITS / 8] >> n % 8 & 1) != 0;
}

static __attribute__((noinline)) bool break_at(uint64_t linear)
{
	bool stop = false;

	for (unsigned n = break_first[linear % TABLE_BITS]; n > 0; n = breaks[n - 1].next) {
		unsigned i = n - 1;

		if (breaks[i].address == linear && (breaks[i].vpid == 0 || breaks[i].vpid == *cpu.vpid) &&
		    (breaks[i].cr3 == ANY || breaks[i].cr3 == *cpu.cr3)) {
			add(note ? &hits : &stopped, *cpu.icount, EXECUTE, linear, i);
			breaks[i].hits++;
			stop = !note;
		}
	}
	return stop;
}

/* All that is rarely asked for. */
static __attribute__((noinline)) bool rare(void)
{
	bool stop = accessed;

	accessed = false;
	if (*cpu.guest != 0) {
		if (entry && *cpu.vpid != 0) {
			add(&stopped, *cpu.icount, ENTRY, *cpu.rip, 0);
			stop = true;
		}
		if (trail && (trail_vpid == 0 || trail_vpid == *cpu.vpid))
			add(&steps, *cpu.icount, EXECUTE, *cpu.rip, *cpu.vpid);
	}
	if (exits > 0) {
		if (was_guest && *cpu.guest == 0 && (exits_vpid == 0 || exits_vpid == *cpu.vpid) && --exits == 0) {
			add(&stopped, *cpu.icount, EXIT, *cpu.rip, 0);
			stop = true;
		}
		was_guest = *cpu.guest != 0;
	}
	return stop;
}

/* Between two instructions. True: back to the prompt. */
static bool boundary(void *this)
{
	bool stop = epilog(this);
	uint64_t linear;

	if (!on)
		return stop;
	linear = *cpu.rip;
	if (*cpu.mode != LONG_64)
		linear = (uint32_t)(linear + *cpu.base);
	if (__builtin_expect(bit(break_table, linear), 0) && *cpu.guest != 0 && break_at(linear))
		stop = true;
	if (__builtin_expect(other || accessed, 0) && rare())
		stop = true;
	return stop;
}

static __attribute__((noinline)) void watch_at(uint64_t address, unsigned bytes, unsigned rw)
{
	unsigned what = rw == 0 ? READ : rw == 1 ? WRITE : rw == 3 ? READ | WRITE : 0;

	for (unsigned i = 0; i < watch_count; i++)
		if (address < watches[i].end && address + bytes > watches[i].address && (watches[i].rw & what) != 0) {
			/* it counts for the boundary that follows */
			add(note ? &hits : &stopped, *cpu.icount + 1, watches[i].rw & what, address, i);
			accessed = accessed || !note;
			watches[i].hits++;
		}
}

static void linear_access(unsigned id, uint64_t linear, uint64_t physical, unsigned bytes, unsigned type, unsigned rw)
{
	(void)id;
	(void)linear;
	(void)type;
	if (bit(watch_table, physical >> 12))
		watch_at(physical, bytes, rw);
}

static void physical_access(unsigned id, uint64_t physical, unsigned bytes, unsigned type, unsigned rw)
{
	(void)id;
	(void)type;
	if (bit(watch_table, physical >> 12))
		watch_at(physical, bytes, rw);
}

/* ---- putting them in place */

static bool writable(void *at, size_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = (uintptr_t)at & ~(page - 1);

	return mprotect((void *)from, (uintptr_t)at + bytes - from, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
}

/* One of Bochs's empty functions, 16 bytes each: "ret" and filling. */
static unsigned char *empty(const char *name)
{
	unsigned char *at = dlsym(RTLD_DEFAULT, name);

	return at != NULL && at[0] == 0xc3 && at[1] == 0x66 && ((uintptr_t)at & 15) == 0 && writable(at, 16) ? at : NULL;
}

/* jmp *0(%rip), and where to */
static void jump(unsigned char *at, void *to)
{
	memcpy(at, "\xff\x25\0\0\0\0", 6);
	memcpy(at + 6, &to, sizeof(to));
}

static unsigned char *linear_stub, *physical_stub;

static void watching(bool yes)
{
	if (yes) {
		jump(linear_stub, (void *)linear_access);
		jump(physical_stub, (void *)physical_access);
	} else {
		*linear_stub = *physical_stub = 0xc3;
	}
}

/* A parameter's object holds a pointer to the variable: the one into the CPU's own structure. */
static void *field(void *list, const char *path)
{
	void *(*by_name)(void *list, const char *name) = NULL;
	unsigned char *first = **(unsigned char ***)dlsym(RTLD_DEFAULT, "bx_cpu_array");
	char name[32];

	*(void **)&by_name = dlsym(RTLD_DEFAULT, "_ZN9bx_list_c11get_by_nameEPKc");
	while (by_name != NULL && list != NULL && *path != '\0') {
		size_t bytes = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)bytes, path);
		path += bytes + (path[bytes] == '.');
		list = by_name(list, name);
	}
	for (size_t i = 0; list != NULL && i + 8 <= malloc_usable_size(list); i += 8) {
		unsigned char *at;

		memcpy(&at, (char *)list + i, sizeof(at));
		if (at > first && at < first + 0x10000)
			return at;
	}
	return NULL;
}

static void *tree;

static bool find_fields(void)
{
	void *(*root)(void *sim) = NULL;
	void **sim = dlsym(RTLD_DEFAULT, "SIM");

	*(void **)&root = dlsym(RTLD_DEFAULT, "_ZN13bx_real_sim_c14get_bochs_rootEv");
	if (root == NULL || sim == NULL || dlsym(RTLD_DEFAULT, "bx_cpu_array") == NULL)
		return false;
	tree = root(*sim);
	cpu.rip = field(tree, "cpu0.RIP");
	cpu.base = field(tree, "cpu0.CS.base");
	cpu.cr3 = field(tree, "cpu0.CR3");
	cpu.icount = field(tree, "cpu0.icount");
	cpu.mode = field(tree, "cpu0.cpu_mode");
	cpu.guest = field(tree, "cpu0.VMX.in_vmx_guest");
	cpu.vpid = field(tree, "cpu0.VMX.VMCS_CACHE.VMEXEC_CTRLS.vpid");
	return cpu.rip != NULL && cpu.base != NULL && cpu.cr3 != NULL && cpu.icount != NULL && cpu.mode != NULL &&
	       cpu.guest != NULL && cpu.vpid != NULL;
}

bool hooks_install(void)
{
	unsigned char *loop = dlsym(RTLD_DEFAULT, "_ZN8BX_CPU_C8cpu_loopEv");
	unsigned char *stub = empty("_Z17bx_instr_exit_envv");
	unsigned char *called = dlsym(RTLD_DEFAULT, "_ZN8BX_CPU_C22dbg_instruction_epilogEv");
	unsigned found = 0;

	*(void **)&epilog = called;
	linear_stub = empty("_Z19bx_instr_lin_accessjmmjjj");
	physical_stub = empty("_Z19bx_instr_phy_accessjmjjj");
	if (loop == NULL || stub == NULL || epilog == NULL || linear_stub == NULL || physical_stub == NULL ||
	    !find_fields() || !writable(loop, LOOP_BYTES))
		return false;
	jump(stub, (void *)boundary);
	for (unsigned char *at = loop; at < loop + LOOP_BYTES; at++) {
		int32_t distance;

		memcpy(&distance, at + 1, 4);
		if (*at != 0xe8 || at + 5 + distance != called)
			continue;
		distance = (int32_t)(stub - (at + 5));
		memcpy(at + 1, &distance, 4);
		found++;
	}
	return found > 0;
}

/* ---- commands */

static void clear(void)
{
	break_count = watch_count = 0;
	memset(break_table, 0, sizeof(break_table));
	memset(break_first, 0, sizeof(break_first));
	memset(watch_table, 0, sizeof(watch_table));
	hits.count = steps.count = stopped.count = 0;
	on = other = entry = note = trail = accessed = false;
	exits = 0;
	watching(false);
}

static bool set_register(const char *name, unsigned long long value)
{
	void *this = **(void ***)dlsym(RTLD_DEFAULT, "bx_cpu_array");
	void (*rip)(unsigned long value) = NULL;
	void (*flags)(void *this, unsigned value) = NULL;
	uint64_t *at;
	char path[48];

	*(void **)&rip = dlsym(RTLD_DEFAULT, "_Z20bx_dbg_set_rip_valuem");
	*(void **)&flags = dlsym(RTLD_DEFAULT, "_ZN8BX_CPU_C14dbg_set_eflagsEj");
	if (strcmp(name, "RIP") == 0) {
		if (rip != NULL)
			rip(value);
		return rip != NULL;
	}
	if (strcmp(name, "EFLAGS") == 0) {
		if (flags != NULL)
			flags(this, (unsigned)value);
		return flags != NULL;
	}
	snprintf(path, sizeof(path), "cpu0.%s%s", strncmp(name, "xmm", 3) == 0 ? "SSE." : "", name);
	at = field(tree, path);
	if (at != NULL)
		*at = value;
	return at != NULL;
}

static void print(const struct ring *ring)
{
	for (uint64_t i = ring->count < RING ? 0 : ring->count - RING; i < ring->count; i++) {
		const struct hit *hit = &ring->hit[i % RING];

		printf("!%lld %u %llx %u\n", (long long)(*cpu.icount - hit->icount), hit->what,
		       (unsigned long long)hit->address, hit->index);
	}
}

void hooks_report(void)
{
	accessed = false;
	print(&stopped);
	stopped.count = 0;
}

bool hooks_command(const char *line)
{
	unsigned long long address, cr3, bytes;
	unsigned vpid, flag;
	char name[16];

	if (sscanf(line, "!break %llx %u %llx", &address, &vpid, &cr3) == 3) {
		if (break_count == BREAKS) {
			printf("!full\n");
			return true;
		}
		breaks[break_count].address = address;
		breaks[break_count].hits = 0;
		breaks[break_count].cr3 = cr3;
		breaks[break_count].vpid = (uint16_t)vpid;
		breaks[break_count].next = break_first[address % TABLE_BITS];
		break_first[address % TABLE_BITS] = (uint16_t)++break_count;
		break_table[address % TABLE_BITS / 8] |= (unsigned char)(1u << address % 8);
	} else if (sscanf(line, "!watch %llx %llu %u", &address, &bytes, &flag) == 3) {
		if (watch_count == WATCHES) {
			printf("!full\n");
			return true;
		}
		watches[watch_count].address = address;
		watches[watch_count].hits = 0;
		watches[watch_count].end = address + bytes;
		watches[watch_count++].rw = flag;
		/* an access may begin up to 63 bytes before, in the page before */
		for (uint64_t page = (address - 63) >> 12; page <= (address + bytes - 1) >> 12; page++)
			watch_table[page % TABLE_BITS / 8] |= (unsigned char)(1u << page % 8);
		watching(true);
	} else if (sscanf(line, "!entry %u", &flag) == 1) {
		entry = flag != 0;
	} else if (sscanf(line, "!exits %lu %u", &exits, &exits_vpid) == 2) {
		was_guest = *cpu.guest != 0;
	} else if (sscanf(line, "!note %u", &flag) == 1) {
		note = flag != 0;
		hits.count = 0;
	} else if (sscanf(line, "!trail %u %u", &flag, &vpid) == 2) {
		trail = flag != 0;
		trail_vpid = vpid;
		steps.count = 0;
	} else if (strcmp(line, "!clear") == 0) {
		clear();
	} else if (sscanf(line, "!set %15s %llx", name, &bytes) == 2) {
		if (!set_register(name, bytes))
			printf("!unknown\n");
	} else if (strcmp(line, "!counts") == 0) {
		for (unsigned i = 0; i < watch_count; i++)
			printf("#%u %u %llu\n", WRITE, i, (unsigned long long)watches[i].hits);
		for (unsigned i = 0; i < break_count; i++)
			printf("#%u %u %llu\n", EXECUTE, i, (unsigned long long)breaks[i].hits);
	} else if (strcmp(line, "!hits") == 0) {
		print(&hits);
	} else if (strcmp(line, "!steps") == 0) {
		print(&steps);
	} else {
		return false;
	}
	other = entry || trail || exits > 0;
	on = other || break_count > 0 || watch_count > 0;
	return true;
}
