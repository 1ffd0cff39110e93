/* SPDX-License-Identifier: BSD-2-Clause */
/* A record for each VM exit, on the output disk. */
#include "trace.h"
#include "cpu.h"
#include "dev/board.h"
#include "guest.h"
#include "host.h"
#include "input.h"
#include "io.h"
#include "vcpu.h"
#include "vmcs.h"

#define RECORDS 512u	/* 32 KiB between two writes */
#define SECTOR_BYTES 512u

static struct trace_record records[RECORDS] __attribute__((aligned(4096)));
static u32 count;
static u64 next_sector;
static bool full;
static u64 handling;		/* the counter when handling began */

static u64 low_pair(const struct vcpu *v)
{
	return (v->gpr[RAX] & 0xffffffffull) | v->gpr[RDX] << 32;
}

void trace_exit(vm_id vm, const struct vmexit *exit)
{
	const struct vcpu *v = &vcpus[vm];
	struct trace_record *r = &records[count];
	u32 basic = exit->reason & 0xffffu;

	r->position = v->position;
	r->time = v->position + v->idle;
	r->rip = cpu_vmread(vm, GUEST_RIP);
	r->reason = (u16)basic;
	r->in_service = (u16)(boards[vm].pic.chip[0].isr | boards[vm].pic.chip[1].isr << 8);
	r->vm = (u8)vm;
	r->flags = (u8)(TRACE_VALID | (guest_cpl(vm) != 0 ? TRACE_USER : 0));
	r->qualification = 0;
	r->address = 0;
	r->detail = 0;
	r->length = (u16)cpu_vmread(vm, VM_EXIT_INSTRUCTION_LENGTH);
	r->value = v->gpr[RAX];
	switch (basic) {
	case EXIT_EXCEPTION_NMI:
		r->qualification = exit->qualification;
		r->detail = exit->interruption;
		break;
	case EXIT_EPT_VIOLATION:
	case EXIT_EPT_MISCONFIGURATION:
		r->qualification = exit->qualification;
		r->address = exit->gpa;
		break;
	case EXIT_IO_INSTRUCTION:
		r->qualification = exit->qualification;
		r->address = cpu_vmread(vm, GUEST_LINEAR_ADDRESS);
		break;
	case EXIT_CR_ACCESS:
	case EXIT_MOV_DR:
		r->qualification = exit->qualification;
		r->value = guest_gpr(vm, (u32)(exit->qualification >> 8) & 0xfu);
		break;
	case EXIT_INVLPG:
	case EXIT_TASK_SWITCH:
		r->qualification = exit->qualification;
		break;
	case EXIT_CPUID:
		r->detail = (u32)v->gpr[RAX];
		break;
	case EXIT_RDMSR:
	case EXIT_WRMSR:
		r->detail = (u32)v->gpr[RCX];
		r->value = low_pair(v);
		break;
	default:
		break;
	}
	handling = cpu_ticks();
}

/* A full buffer goes to the disk; past its end nothing is traced any more. */
static void flush(void)
{
	u64 bytes = count * TRACE_RECORD_BYTES;
	u64 sectors = (bytes + SECTOR_BYTES - 1) / SECTOR_BYTES;

	for (u64 i = bytes / 8; i < sectors * SECTOR_BYTES / 8; i++)
		((u64 *)(void *)records)[i] = 0;
	if (!full && sectors > 0 &&
	    !host_disk_write(HOST_DISK_OUTPUT, next_sector, sectors, cpu_physical((const u64 *)(const void *)records))) {
		full = true;
		output_message("the trace's disk is full: the exits from here on are not traced");
	}
	next_sector += sectors;
	count = 0;
}

void trace_handled(vm_id vm, const struct vmexit *exit)
{
	const struct vcpu *v = &vcpus[vm];
	struct trace_record *r = &records[count];
	u32 basic = exit->reason & 0xffffu;

	r->ticks = (u32)(cpu_ticks() - handling);
	if (basic == EXIT_CPUID || (basic == EXIT_IO_INSTRUCTION && (exit->qualification & IO_IN) != 0))
		r->value = v->gpr[RAX];
	if (basic == EXIT_RDMSR)
		r->value = low_pair(v);
	if (v->state == VCPU_HALTED)
		r->flags |= TRACE_HALTED;
	if (v->state == VCPU_ENDED)
		r->flags |= TRACE_ENDED;
	if (v->event_info != 0) {
		r->flags |= TRACE_EVENT;
		if (r->detail == 0)
			r->detail = v->event_info;
	}
	count++;
	if (count == RECORDS)
		flush();
}

void trace_end(void)
{
	flush();
}
