/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AFL++'s custom mutator for the exit harness (docs/custom_mutators.md of AFL++): inserts, deletes, repeats, swaps and
 * splices whole steps and changes operands to boundary values; its trimmer takes out steps, then makes operands zero.
 */
#include <stdlib.h>
#include <string.h>
#include "exit.h"
#include "spec/step.h"
#include "vmcs.h"
#include "x86.h"

void *afl_custom_init(void *afl, unsigned seed);
void afl_custom_deinit(void *data);
size_t afl_custom_fuzz(void *data, u8 *in, size_t in_bytes, u8 **out, u8 *add, size_t add_bytes, size_t max_bytes);
int32_t afl_custom_init_trim(void *data, u8 *in, size_t in_bytes);
size_t afl_custom_trim(void *data, u8 **out);
int32_t afl_custom_post_trim(void *data, u8 success);

struct mutator {
	u64 random;
	struct step steps[STEPS_MAX], other[STEPS_MAX];
	u8 out[STEPS_MAX * STEP_BYTES];
	/* trimming */
	struct step kept[STEPS_MAX], tried[STEPS_MAX];
	u32 kept_count, tried_count, stage, stages;
};

static const u64 interesting[] = {
	0, 1, 2, 3, 4, 7, 8, 0xf, 0x10, 0x7f, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x7fff, 0x8000, 0xffff, 0x10000, 0xfffff,
	0x100000, 0x1fffff, 0x200000, 0x200ffd, 0x201fff, 0x202fff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
	0xfffffffff000, 0x7fffffffffff, 0x800000000000, 0xffff800000000000, 0x7fffffffffffffff, 0x8000000000000000, ~0ull,
	CR0_PE | CR0_PG, CR0_PE, CR0_NW, CR0_CD | CR0_NW, CR0_PE | CR0_PG | CR0_CD, CR4_PAE, CR4_VMXE, CR4_SMXE, CR4_PAE | CR4_PGE,
	EFER_LME | EFER_NXE | EFER_SCE, DR7_GD | DR7_FIXED, PAT_RESET, EVENT_VALID, EVENT_VALID | 0x500, EVENT_VALID | 0x50e,
	EVENT_VALID | 0x508, EVENT_VALID | 0x20, EVENT_VALID | 0x100,
};
#define INTERESTING (sizeof(interesting) / sizeof(*interesting))

static const u32 msrs[] = {
	IA32_TIME_STAMP_COUNTER, IA32_PLATFORM_ID, IA32_APIC_BASE, IA32_BIOS_SIGN_ID, IA32_SYSENTER_CS, IA32_SYSENTER_ESP,
	IA32_SYSENTER_EIP, IA32_MISC_ENABLE, IA32_DEBUGCTL, IA32_PAT, IA32_XSS, IA32_EFER, IA32_STAR, IA32_FS_BASE, IA32_GS_BASE,
	IA32_TSC_AUX,
};
static const u16 ports[] = {
	0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x40, 0x41, 0x42, 0x43, 0x61, 0x60, 0x64, 0x70, 0x71, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc,
	0x3fd, 0x3fe, 0x3ff, 0xcf8, 0xcf9, 0xcfc, 0xe9, 0xf4, 0xf5, 0xf6, 0x80,
};
static const u32 leaves[] = { 0, 1, 2, 4, 6, 7, 0xb, 0xd, 0x15, 0x16, 0x40000000, 0x80000000, 0x80000001, 0x80000002, 0x80000003,
			      0x80000004, 0x80000007, 0x80000008 };
static const u8 reasons[] = {
#define VM_EXIT(name, number, fields, text) number,
#include "exits.def"
#undef VM_EXIT
};
#define PICK(m, table) (table)[below(m, sizeof(table) / sizeof(*(table)))]

static u64 next(struct mutator *m)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return m->random * 0x2545f4914f6cdd1dull;
}

static u32 below(struct mutator *m, u64 limit)
{
	return (u32)((next(m) >> 33) % limit);
}

static u64 value(struct mutator *m)
{
	switch (below(m, 4)) {
	case 0:
		return next(m) >> below(m, 64);
	case 1:
		return 1ull << below(m, 64);
	default:
		return interesting[below(m, INTERESTING)] + (below(m, 4) == 0 ? below(m, 5) - 2ull : 0);
	}
}

/* Operands whose values mean something. */
static void aim(struct mutator *m, struct step *s)
{
	switch (s->code) {
	case STEP_IO:
		s->operand[1] = PICK(m, ports);
		if (below(m, 3) != 0)
			s->operand[0] &= 0xf;
		s->operand[2] = next(m) >> 56;
		s->operand[3] = below(m, 2) != 0 ? next(m) >> 56 : s->operand[3];
		break;
	case STEP_CPUID:
		s->operand[0] = PICK(m, leaves);
		s->operand[1] = below(m, 4);
		s->operand[2] = below(m, 200);
		break;
	case STEP_MSR:
		s->operand[1] = PICK(m, msrs);
		s->operand[3] = below(m, 200);
		break;
	case STEP_EXIT:
		s->operand[0] = PICK(m, reasons);
		s->operand[2] = below(m, 200);
		break;
	case STEP_TASK:
		s->operand[0] = 8 * below(m, 16);
		break;
	case STEP_EPT:
		if (below(m, 2) != 0)
			s->operand[0] = 0x1000 + below(m, 0x8000), s->operand[2] = 1;
		break;
	case STEP_PTE:
		s->operand[0] = below(m, 7);
		s->operand[1] = below(m, 9);
		if (below(m, 2) != 0)
			s->operand[2] = (u64)below(m, 256) << 12 | (next(m) >> 52);
		break;
	case STEP_MEM:
		if (below(m, 2) != 0)
			s->operand[0] = 0x8000 + 8 * below(m, 0x280);
		break;
	default:
		break;
	}
}

static struct step fresh(struct mutator *m)
{
	struct step s = { .code = (u8)(1 + below(m, STEP_CODES - 1)) };

	for (u32 i = 0; i < STEP_OPERANDS; i++)
		s.operand[i] = value(m);
	if (below(m, 8) != 0)
		aim(m, &s);
	return s;
}

static void change_operand(struct mutator *m, struct step *s)
{
	const struct step_kind *kind = step_kind(s->code);
	u64 *operand = &s->operand[below(m, kind->operands == 0 ? 1 : kind->operands)];

	switch (below(m, 4)) {
	case 0:
		*operand ^= 1ull << below(m, 64);
		break;
	case 1:
		*operand += below(m, 17) - 8ull;
		break;
	case 2:
		*operand = value(m);
		break;
	default:
		aim(m, s);
		break;
	}
}

static u32 insert(struct step *steps, u32 n, u32 at, const struct step *s)
{
	if (n == STEPS_MAX)
		return n;
	memmove(&steps[at + 1], &steps[at], (n - at) * sizeof(*steps));
	steps[at] = *s;
	return n + 1;
}

/* One change; step 0 is the machine and stays in its place. */
static u32 mutate(struct mutator *m, u32 n, u32 others)
{
	u32 at = 1 + (n > 1 ? below(m, n - 1) : 0);
	struct step s;

	switch (below(m, 10)) {
	case 0: case 1: case 2:
		s = fresh(m);
		return insert(m->steps, n, n > 1 ? at + below(m, 2) : 1, &s);
	case 3:
		if (n < 3)
			return n;
		memmove(&m->steps[at], &m->steps[at + 1], (n - at - 1) * sizeof(*m->steps));
		return n - 1;
	case 4:	/* again */
		if (n < 2)
			return n;
		s = m->steps[at];
		return insert(m->steps, n, at, &s);
	case 5:	/* another place */
		if (n < 3)
			return n;
		s = m->steps[at];
		m->steps[at] = m->steps[1 + below(m, n - 1)];
		m->steps[1 + below(m, n - 1)] = s;
		return n;
	case 6:	/* a run of steps from another input */
		for (u32 k = 0, from = others > 1 ? 1 + below(m, others - 1) : 0, count = 1 + below(m, 8);
		     others > 1 && k < count && from + k < others; k++)
			n = insert(m->steps, n, n > 1 ? at : 1, &m->other[from + k]);
		return n;
	case 7:
		change_operand(m, &m->steps[0]);
		return n;
	default:
		change_operand(m, &m->steps[n > 1 ? at : 0]);
		return n;
	}
}

static size_t encode(const struct step *steps, u32 n, u8 *out, size_t max_bytes)
{
	size_t at = 0;

	for (u32 i = 0; i < n && at + STEP_BYTES <= max_bytes; i++)
		at += step_encode(&steps[i], i == 0, out + at);
	return at;
}

void *afl_custom_init(void *afl, unsigned seed)
{
	struct mutator *m = calloc(1, sizeof(*m));

	(void)afl;
	if (m != NULL)
		m->random = (seed + 1) * 0x9e3779b97f4a7c15ull;
	return m;
}

void afl_custom_deinit(void *data)
{
	free(data);
}

size_t afl_custom_fuzz(void *data, u8 *in, size_t in_bytes, u8 **out, u8 *add, size_t add_bytes, size_t max_bytes)
{
	struct mutator *m = data;
	u32 n = steps_decode(in, in_bytes, m->steps, STEPS_MAX);
	u32 others = add == NULL ? 0 : steps_decode(add, add_bytes, m->other, STEPS_MAX);

	if (n == 0) {
		memset(&m->steps[0], 0, sizeof(m->steps[0]));
		n = 1;
	}
	for (u32 changes = 1u << below(m, 4); changes > 0; changes--)
		n = mutate(m, n, others);
	*out = m->out;
	return encode(m->steps, n, m->out, max_bytes < sizeof(m->out) ? max_bytes : sizeof(m->out));
}

/* Stage k < n takes out step n - 1 - k (the first stays); then each operand of each step becomes zero. */
int32_t afl_custom_init_trim(void *data, u8 *in, size_t in_bytes)
{
	struct mutator *m = data;

	m->kept_count = steps_decode(in, in_bytes, m->kept, STEPS_MAX);
	m->stage = 0;
	m->stages = m->kept_count < 2 || m->kept_count > 64 ? 0 : 2 * (m->kept_count - 1);
	return (int32_t)m->stages;
}

size_t afl_custom_trim(void *data, u8 **out)
{
	struct mutator *m = data;
	u32 half = m->stages / 2, at;

	memcpy(m->tried, m->kept, m->kept_count * sizeof(*m->kept));
	m->tried_count = m->kept_count;
	if (m->stage < half) {
		at = half - m->stage;
		if (at < m->tried_count) {
			memmove(&m->tried[at], &m->tried[at + 1], (m->tried_count - at - 1) * sizeof(*m->tried));
			m->tried_count--;
		}
	} else {
		at = m->stage - half + 1;
		if (at < m->tried_count)
			memset(m->tried[at].operand, 0, sizeof(m->tried[at].operand));
	}
	*out = m->out;
	return encode(m->tried, m->tried_count, m->out, sizeof(m->out));
}

int32_t afl_custom_post_trim(void *data, u8 success)
{
	struct mutator *m = data;

	if (success) {
		memcpy(m->kept, m->tried, m->tried_count * sizeof(*m->tried));
		m->kept_count = m->tried_count;
	}
	return (int32_t)++m->stage;
}
