/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seeded body of the input door: no host and no journal. A generator decides when each byte of the script arrives and
 * how virtual time jumps ahead at quantum boundaries, as if a host had been busy: the same seed, the same run.
 */
#include "input.h"
#include "cpu.h"
#include "dev/board.h"
#include "host.h"
#include "session.h"
#include "vcpu.h"

#define JUMP_MAX 0x40000u	/* ticks; one boundary in four has a jump */
#define PAUSE_MAX 0x8000000u	/* between two bytes of the script */
#define SECTOR_BYTES 512u

static struct {
	u64 state;		/* of the generator */
	u64 arrival;		/* virtual time of the next byte */
	u32 next;		/* its index in the script */
	u32 loaded;		/* the sector in `sector`, counted from 1 */
	u8 sector[SECTOR_BYTES] __attribute__((aligned(512)));
} sources[VM_MAX];
static struct session session;
static u8 session_sector[SESSION_BYTES] __attribute__((aligned(512)));

/* SplitMix64 (Steele, Lea, Flood 2014). */
static u64 chance(vm_id vm)
{
	u64 z = sources[vm].state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

const char *input_begin(const struct plan *plan, bool exact)
{
	const char *why;

	if (!exact)
		return "a seeded run needs a counter of instructions, which this machine lacks";
	if (!host_disk_read(HOST_DISK_JOURNAL, 0, 1, cpu_physical((const u64 *)(const void *)session_sector)))
		return "the session's disk (ata1-master) cannot be read";
	why = session_decode(session_sector, &session);
	if (why == NULL && session.vm_count != plan->vm_count)
		why = "the session has another number of VMs than the plan";
	return why;
}

void input_started(vm_id vm)
{
	sources[vm].state = session.seed + vm;
	sources[vm].arrival = chance(vm) % PAUSE_MAX;
}

static bool has_byte(vm_id vm)
{
	return sources[vm].next < session.script_bytes[vm];
}

bool input_ready(vm_id vm)
{
	return has_byte(vm) && sources[vm].arrival <= vcpu_time(vm);
}

u32 input_console(vm_id vm)
{
	u32 at = sources[vm].next;
	u64 sector = 1 + vm * session.sectors + at / SECTOR_BYTES;

	if (!input_ready(vm))
		return INPUT_NONE;
	if (sources[vm].loaded != at / SECTOR_BYTES + 1) {
		if (!host_disk_read(HOST_DISK_JOURNAL, sector, 1,
				    cpu_physical((const u64 *)(const void *)sources[vm].sector)))
			return INPUT_NONE;
		sources[vm].loaded = at / SECTOR_BYTES + 1;
	}
	sources[vm].next++;
	sources[vm].arrival = vcpu_time(vm) + chance(vm) % PAUSE_MAX;
	return sources[vm].sector[at % SECTOR_BYTES];
}

u64 input_time(vm_id vm, u64 now)
{
	u64 random;

	if (vcpus[vm].state != VCPU_RUNNING)
		return now;
	random = chance(vm);
	return random % 4 == 0 ? now + (random >> 8) % JUMP_MAX : now;
}

u64 input_wait(vm_id vm, u64 now, u64 until)
{
	u64 arrival = sources[vm].arrival > now ? sources[vm].arrival : now;

	if (has_byte(vm) && board_can_receive(vm) && arrival < until)
		return arrival;
	return until == TIME_NEVER ? now : until;
}

void input_boundary(vm_id vm)
{
	(void)vm;
}

u64 input_end(vm_id vm)
{
	(void)vm;
	return 0;
}
