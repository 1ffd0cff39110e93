/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the snippets of emulation equality: one kind for each exit, in every mode, with prefixes, faults and page boundaries. */
#include "model/emulate/case.h"

enum { AX, CX, DX, BX, SP, BP, SI, DI };
#define FLAG_TF 0x100u
#define FLAG_IF 0x200u
#define FLAG_DF 0x400u
#define FLAG_NT 0x4000u
#define FLAG_RF 0x10000u
#define FLAG_AC 0x40000u
#define IOPL(n) ((n) << 12)
#define CR4_TSD 4u
#define CR4_DE 8u
#define CR4_SMAP (1u << 21)
#define CR0_AM (1u << 18)
#define CR0_TS 8u
#define SEL_TASK 0x90u

static uint64_t state;
static struct emulate_case *c;
static bool wide, addr16, operand16, user;

static uint64_t random64(void)	/* splitmix64 (Steele, Lea, Flood 2014) */
{
	uint64_t z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(random64() >> 33) % n;
}

static bool one_in(uint32_t n)
{
	return below(n) == 0;
}

#define PICK(...) ({ static const uint64_t of_[] = { __VA_ARGS__ }; of_[below(sizeof(of_) / sizeof(of_[0]))]; })

static void emit(uint32_t byte)
{
	if (c->bytes < CODE_BYTES)
		c->code[c->bytes++] = (uint8_t)byte;
}

static void emit32(uint32_t v)
{
	for (uint32_t i = 0; i < 4; i++)
		emit(v >> 8 * i & 0xff);
}

static bool long_mode(void)
{
	return c->mode == MODE_LONG || c->mode == MODE_LONG_USER;
}

static bool mode16(void)
{
	return c->mode == MODE_COMPAT_16 || c->mode == MODE_PROTECTED_16 || c->mode == MODE_V86 || c->mode == MODE_REAL;
}

static bool based(void)		/* real-mode segments: all begin at AT_DATA */
{
	return c->mode == MODE_V86 || c->mode == MODE_REAL;
}

/* Prefixes that leave the opcode's meaning; a REX prefix must be the last (rex: its bits, 0 none). */
#define OPERAND 1u
#define REPEAT 2u
#define LOCK 4u
#define ADDRESS 8u
#define SEGMENT 16u
static uint32_t segment_used;	/* 3 DS unless overridden: 0 ES, 3 DS, 4 FS, 5 GS, 2 SS, 1 CS */

static void prefixes(uint32_t allowed)
{
	static const uint8_t overrides[6] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };

	operand16 = mode16();
	addr16 = mode16();
	segment_used = 3;
	if ((allowed & OPERAND) != 0 && one_in(3)) {
		emit(0x66);
		operand16 = !operand16;
	}
	if ((allowed & ADDRESS) != 0 && one_in(6) && (based() || long_mode() || mode16())) {
		emit(0x67);
		addr16 = !addr16 && !long_mode();
	}
	if ((allowed & REPEAT) != 0 && one_in(8))
		emit(one_in(2) ? 0xf2 : 0xf3);
	if ((allowed & LOCK) != 0 && one_in(20))
		emit(0xf0);
	if ((allowed & SEGMENT) != 0 && one_in(4)) {
		segment_used = based() || long_mode() ? (uint32_t)PICK(0, 3, 4, 5) : (uint32_t)PICK(0, 3, 4, 5);
		emit(overrides[segment_used]);
	}
}

static uint32_t segment_kind(uint32_t segment)
{
	return segment == 0 ? c->es : segment == 4 ? c->fs : segment == 5 ? c->gs : c->ds;
}

/* An offset into the data pages, often near a page's end, as the segment sees it. */
static uint64_t pointer(uint32_t segment)
{
	uint32_t near = (uint32_t)PICK(0x1000, 0x2000) - below(9), at = one_in(2) ? near : below(0x2fc0);
	uint32_t kind = segment_kind(segment);

	if (based())
		return one_in(12) ? 0xfff8 + below(8) : at;
	if (long_mode()) {
		if (one_in(16))
			return PICK(0x7ffffffffffcull, 0x800000000000ull, 0x8000000000000000ull);
		return (segment >= 4 && kind == SEGMENT_DATA ? 0 : AT_DATA) + at;
	}
	if (kind == SEGMENT_DATA)
		return one_in(6) ? 0x1ff8 + below(12) : below(0x1fc0);
	return AT_DATA + at;
}

/* ModRM (and nothing else) for [BX], [SI] or [DI], whose register gets a pointer. */
static void memory(uint32_t field)
{
	uint32_t n = below(3);
	static const uint8_t rm16[3] = { 7, 4, 5 }, rm32[3] = { 3, 6, 7 }, gpr[3] = { BX, SI, DI };

	emit(field << 3 | (addr16 ? rm16[n] : rm32[n]));
	c->gpr[gpr[n]] = pointer(segment_used);
}

static uint32_t any_gpr(void)
{
	uint32_t n = below(8);

	return n == SP ? AX : n;
}

static uint64_t interesting(void)
{
	return one_in(2) ? random64() >> below(64) : PICK(0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffff,
							    0x800000000000, 0xffff800000000000, 0xffffffffffffffff);
}

static void load32(uint32_t gpr, uint32_t v)	/* MOV r32, imm32 in every mode */
{
	if (mode16())
		emit(0x66);
	emit(0xb8 + gpr);
	emit32(v);
}

/* ---- the kinds */
static void bytes(uint32_t allowed, const uint8_t *code, uint32_t n)
{
	prefixes(allowed);
	for (uint32_t i = 0; i < n; i++)
		emit(code[i]);
}
#define BYTES(allowed, ...) do { static const uint8_t code_[] = { __VA_ARGS__ }; bytes(allowed, code_, sizeof(code_)); } while (0)

static void kind_cpuid(void)
{
	c->gpr[AX] = PICK(0, 1, 2, 4, 6, 7, 0xa, 0xb, 0xd, 0x14, 0x15, 0x16, 0x17, 0x1f, 0x40000000, 0x40000001, 0x80000000, 0x80000001, 0x80000002,
			  0x80000003, 0x80000004, 0x80000007, 0x80000008, 0x80000009, 0xffffffff) | (wide ? random64() << 32 : 0);
	c->gpr[CX] = below(4) | (wide && one_in(2) ? random64() << 32 : 0);
	c->policy = POLICY_CPUID;
	BYTES(OPERAND | REPEAT | LOCK | ADDRESS, 0x0f, 0xa2);
}

static void kind_invd(void) { BYTES(OPERAND | LOCK, 0x0f, 0x08); }
static void kind_wbinvd(void) { BYTES(OPERAND | LOCK, 0x0f, 0x09); }
static void kind_pause(void) { BYTES(OPERAND, 0xf3, 0x90); }
static void kind_getsec(void) { BYTES(0, 0x0f, 0x37); }
static void kind_rsm(void) { BYTES(0, 0x0f, 0xaa); }
static void kind_rdpmc(void) { c->policy = POLICY_GP; c->gpr[CX] = interesting(); BYTES(0, 0x0f, 0x33); }

static void kind_rdtsc(void)
{
	c->policy = SAME_TSC;
	c->cr4 |= one_in(4) ? CR4_TSD : 0;
	BYTES(OPERAND | LOCK, 0x0f, 0x31);
}

static void kind_rdtscp(void)
{
	c->policy = SAME_TSC;
	c->cr4 |= one_in(4) ? CR4_TSD : 0;
	BYTES(0, 0x0f, 0x01, 0xf9);
}

static void kind_hlt(void)
{
	if (!user && c->mode != MODE_V86) {
		emit(0xfb);	/* STI: its shadow keeps the interrupt for the HLT */
		c->timer = true;
		c->policy = SAME_UNTIMED;
	}
	emit(0xf4);
}

static void kind_invlpg(void)
{
	prefixes(ADDRESS | SEGMENT | LOCK);
	emit(0x0f), emit(0x01);
	memory(7);
}

static void kind_vmcall(void) { c->policy = POLICY_VMCALL; BYTES(0, 0x0f, 0x01, 0xc1); }
static void kind_vmlaunch(void) { BYTES(0, 0x0f, 0x01, 0xc2); }
static void kind_vmresume(void) { BYTES(0, 0x0f, 0x01, 0xc3); }
static void kind_vmxoff(void) { BYTES(0, 0x0f, 0x01, 0xc4); }
static void kind_vmfunc(void) { BYTES(0, 0x0f, 0x01, 0xd4); }
static void kind_encls(void) { c->policy = POLICY_UD; BYTES(0, 0x0f, 0x01, 0xcf); }
static void kind_monitor(void) { c->policy = POLICY_UD; c->gpr[AX] = AT_DATA; c->gpr[CX] = 0; BYTES(0, 0x0f, 0x01, 0xc8); }

static void kind_mwait(void)
{
	c->policy = POLICY_UD;
	c->gpr[CX] = 0;
	BYTES(0, 0x0f, 0x01, 0xc9);
}

static void vmx_memory(uint32_t mandatory, uint32_t map, uint32_t opcode, uint32_t field)
{
	prefixes(ADDRESS | SEGMENT);
	if (mandatory != 0)
		emit(mandatory);
	emit(0x0f);
	if (map != 0)
		emit(map);
	emit(opcode);
	memory(field);
}

static void kind_vmclear(void) { vmx_memory(0x66, 0, 0xc7, 6); }
static void kind_vmptrld(void) { vmx_memory(0, 0, 0xc7, 6); }
static void kind_vmptrst(void) { vmx_memory(0, 0, 0xc7, 7); }
static void kind_vmxon(void) { vmx_memory(0xf3, 0, 0xc7, 6); }
static void kind_vmread(void) { vmx_memory(0, 0, 0x78, below(8)); }
static void kind_vmwrite(void) { vmx_memory(0, 0, 0x79, below(8)); }
static void kind_invept(void) { vmx_memory(0x66, 0x38, 0x80, below(8)); }
static void kind_invvpid(void) { vmx_memory(0x66, 0x38, 0x81, below(8)); }
static void kind_invpcid(void) { c->policy = POLICY_UD; c->gpr[AX] = below(4); vmx_memory(0x66, 0x38, 0x82, 0); }
static void kind_xsaves(void) { c->policy = POLICY_UD; c->shown = true; vmx_memory(0, 0, 0xc7, 5); }
static void kind_xrstors(void) { c->policy = POLICY_UD; c->shown = true; vmx_memory(0, 0, 0xc7, 3); }

static void kind_xsetbv(void)
{
	uint64_t value = PICK(1, 3, 7, 1, 3, 7, 0, 2, 4, 5, 6, 0x100000001, 0xe7, 0x207);

	c->gpr[AX] = (uint32_t)value;
	c->gpr[DX] = value >> 32;
	c->gpr[CX] = one_in(8) ? 1 : 0;
	c->xcr0 = true;
	if (value == 0xe7 || value == 0x207)
		c->policy = POLICY_GP;
	BYTES(0, 0x0f, 0x01, 0xd1);
}

static void to_cr(uint32_t cr, uint32_t gpr)
{
	emit(0x0f), emit(0x22), emit(0xc0 | cr << 3 | gpr);
}

static void kind_mov_cr0(void)
{
	uint32_t base = (c->mode == MODE_REAL ? 0 : 1) | (c->paging != PAGING_OFF ? 0x80010000u : 0) | 0x30;
	uint32_t gpr = any_gpr();

	c->gpr[gpr] = base ^ (PICK(0, 2, 4, 8, 0x20, 0x10, 0x40000, 0x40000000, 0x60000000, 0x20000000, 0x40, 0x80, 0x1000, 0x10000000) | PICK(0, 0, 2, 8));
	if (wide && long_mode() && one_in(8))
		c->gpr[gpr] |= 1ull << (32 + below(32));
	if (c->paging != PAGING_OFF && one_in(10))
		c->gpr[gpr] = (c->gpr[gpr] | 0x80000000u) & ~1ull;
	prefixes(OPERAND | LOCK);
	to_cr(0, gpr);
}

/* MOV EAX, CRn; XOR EAX, bits; (BTS RAX, high;) MOV CRn, EAX */
static void change_cr(uint32_t cr, uint32_t flip, uint32_t high)
{
	emit(0x0f), emit(0x20), emit(0xc0 | cr << 3);
	if (mode16())
		emit(0x66);
	emit(0x35);
	emit32(flip);
	if (high != 0)
		emit(0x48), emit(0x0f), emit(0xba), emit(0xe8), emit(high);
	to_cr(cr, AX);
}

static void kind_mov_cr3(void)
{
	uint32_t flip = (uint32_t)PICK(0, 8, 0x10, 0x18);

	change_cr(3, c->paging == PAGING_OFF ? 0 : flip, long_mode() && one_in(4) ? 52 + below(11) : 0);
}

static void kind_mov_cr4(void)
{
	uint32_t flip = (uint32_t)PICK(2, 4, 8, 0x80, 0x100, 0x200, 0x400, 0x600, 0x800, 0x10000, 0x100000, 0x200000, 0x8000, 0x80000, 0x1000000, 0x80000000,
				       0x40, 0x2000, 0x4000, 0x20000, 0x400000);

	if (wide && !user && one_in(12))
		flip = 0x20;	/* PAE stays in IA-32e mode */
	if ((flip & 0x426040u) != 0)
		c->policy = POLICY_GP;
	if (c->mode == MODE_REAL || c->mode == MODE_V86)
		flip &= ~1u;
	change_cr(4, flip, 0);
	c->at = c->bytes - 3;
}

static void kind_from_cr(void)
{
	static const uint8_t crs[] = { 0, 2, 3, 4, 8, 1, 5, 7 };
	uint32_t cr = crs[below(sizeof(crs))];

	if (cr == 3 && c->paging == PAGING_OFF)
		cr = 0;
	if (cr == 2 || (cr == 8 && !long_mode()))
		cr = 0;
	if (cr == 8)
		emit(0x44), cr = 0;
	emit(0x0f), emit(0x20), emit(0xc0 | cr << 3 | any_gpr());
}

static void kind_cr8(void)
{
	uint32_t gpr = any_gpr();

	if (!long_mode()) {
		kind_from_cr();
		return;
	}
	c->gpr[gpr] = one_in(3) ? interesting() : below(16);
	emit(0x44);
	to_cr(0, gpr);
	emit(0x44), emit(0x0f), emit(0x20), emit(0xc0 | any_gpr());
}

static void kind_clts(void)
{
	c->cr0 |= one_in(2) ? CR0_TS : 0;
	BYTES(OPERAND | LOCK, 0x0f, 0x06);
}

static void kind_lmsw(void)
{
	uint32_t gpr = any_gpr();

	prefixes(OPERAND | LOCK);
	emit(0x0f), emit(0x01);
	c->gpr[gpr] = (interesting() & ~1ull) | (c->mode == MODE_REAL ? 0 : below(2));
	emit(0xf0 | gpr);
}

static void kind_dr(void)
{
	uint32_t dr = below(8), gpr = any_gpr();

	c->shown = true;
	c->debug = true;
	c->cr4 |= one_in(3) ? CR4_DE : 0;
	c->gpr[gpr] = dr >= 6 ? (PICK(0, 0x400, 0xffff0ff0, 0x4000, 0xf, 0xc800, 0x1e000, 0x701, 0xd0000055) | (one_in(8) ? 0x100000000ull : 0)) : interesting();
	if (dr == 7 || dr == 5) {
		c->gpr[gpr] &= ~0x20ffull;	/* nothing armed, GD off */
		if (one_in(3)) {		/* GD: the next access is #DB */
			c->gpr[gpr] = 0x2400;
			emit(0x0f), emit(0x23), emit(0xf8 | gpr);
			emit(0x0f), emit(0x21), emit(0xc0 | any_gpr());
			return;
		}
	}
	prefixes(OPERAND | LOCK);
	if (one_in(2)) {
		emit(0x0f), emit(0x23), emit(0xc0 | dr << 3 | gpr);
	}
	emit(0x0f), emit(0x21), emit(0xc0 | dr << 3 | any_gpr());
}

static void kind_io(void)
{
	uint32_t port = (uint32_t)PICK(0x3ff, 0x3ff, 0x21, 0x21, 0xcf8, 0x500, 0x504), form = below(4);
	bool immediate = port == 0x21;

	if (user || c->mode == MODE_V86)
		port = immediate ? 0x21 : one_in(4) ? 0xcf8 : port;
	operand16 = mode16();
	if (port == 0xcf8 || (port >= 0x500 && one_in(2))) {	/* 32 bits */
		form |= 1;
		if (mode16())
			emit(0x66);
	} else if (port >= 0x500) {
		if ((form & 1) != 0 && !mode16())
			emit(0x66);
	} else {
		form &= ~1u;
	}
	c->io = true;
	if (port == 0xcf8)	/* reserved bits of CONFIG_ADDRESS stay 0 */
		c->gpr[AX] &= ~0x7f000003ull;
	c->gpr[DX] = (c->gpr[DX] & ~0xffffull) | port;
	emit((immediate ? 0xe4 : 0xec) | form);
	if (immediate)
		emit(port);
	if (port == 0x3ff || port == 0xcf8) {	/* what is there now */
		if (port == 0xcf8 && mode16())
			emit(0x66);
		emit(port == 0xcf8 ? 0xed : 0xec);
	}
}

static void kind_string_io(void)
{
	uint32_t port = (uint32_t)PICK(0x3ff, 0x3ff, 0x500, 0xcf8), opcode = 0x6c | below(4);
	bool out = (opcode & 2) != 0;
	uint64_t at;

	if ((user || c->mode == MODE_V86) && port == 0xcf8 && !one_in(3))
		port = 0x500;
	prefixes(ADDRESS | (out ? SEGMENT : 0));
	if (port == 0x3ff)
		opcode &= ~1u;
	if (port == 0xcf8) {
		opcode |= 1;
		if (mode16())
			emit(0x66);
	} else if (one_in(3)) {
		emit(0x66);
	}
	if (one_in(2))
		emit(one_in(6) ? 0xf2 : 0xf3);
	if (port == 0xcf8 || one_in(3))
		c->flags ^= one_in(2) ? FLAG_DF : 0;
	c->io = true;
	c->gpr[DX] = (c->gpr[DX] & ~0xffffull) | port;
	c->gpr[CX] = (addr16 || !long_mode() ? c->gpr[CX] & ~0xffffffffull : 0) | (addr16 && one_in(2) ? 0x10000 : 0) | below(9);
	if (long_mode() && one_in(8))
		c->gpr[CX] = below(3);
	at = pointer(out ? segment_used : 0);
	c->gpr[out ? SI : DI] = at;
	emit(opcode);
}

#define NOT_THERE(msr) ((msr) == 0x12345 || (msr) == 0x3a || (msr) == 0x1b || (msr) == 0xc1 || (msr) == 0x480 || (msr) == 0x38d || (msr) == 0x570 || \
	(msr) == 0xc0011020)
static void kind_rdmsr(void)
{
	uint64_t msr = PICK(0x174, 0x175, 0x176, 0x277, 0xc0000080, 0xc0000100, 0xc0000101, 0xc0000103, 0xc0000082, 0x1d9, 0x17, 0x8b, 0x1a0, 0x12345, 0x3a, 0x1b,
			    0xc1, 0x480, 0x38d, 0x570, 0xc0011020);

	c->gpr[CX] = msr;
	if (NOT_THERE(msr))
		c->policy = POLICY_GP;
	if (msr == 0x17 || msr == 0x8b || msr == 0x1a0)
		c->policy = POLICY_MSR;
	if (wide && one_in(2))
		c->gpr[CX] |= random64() << 32;
	BYTES(c->policy == POLICY_GP ? 0 : OPERAND | LOCK, 0x0f, 0x32);
}

static void kind_wrmsr(void)
{
	uint64_t msr = PICK(0x174, 0x175, 0x176, 0x277, 0x277, 0xc0000080, 0xc0000080, 0xc0000100, 0xc0000101, 0x1d9, 0x12345, 0x3a, 0x480, 0x38d);
	uint64_t value = interesting();

	if (msr == 0x277)
		value = one_in(2) ? PICK(0x0007040600070406, 0x0007010600070106, 0x0505050505050505, 0) : PICK(2, 0x0300, 0xff00000000000000, 0x0007040600080406);
	if (msr == 0xc0000080)
		value = (wide ? 0x501 : 0) ^ PICK(0, 1, 0x800, 0x801, 0x400, 0x2, 0x1000, 0x8000, 0x100000000);
	if (msr == 0xc0000080 && wide && one_in(4))
		value ^= 0x100;
	c->shown = msr == 0x1d9;
	if (msr == 0x1d9) {
		value = PICK(0, 1, 2, 3, 4, 0x10000, 0x100000000);
		c->policy = value > 3 ? POLICY_GP : SAME;
	}
	c->gpr[CX] = msr;
	c->gpr[AX] = (uint32_t)value;
	c->gpr[DX] = value >> 32;
	c->msr = (uint32_t)msr;
	if (NOT_THERE(msr))
		c->policy = POLICY_GP, c->msr = 0;
	BYTES(c->policy == POLICY_GP ? 0 : OPERAND | LOCK, 0x0f, 0x30);
}

static void kind_random(uint32_t field)
{
	uint32_t gpr = any_gpr();
	bool rex = long_mode() && one_in(2);

	c->policy = POLICY_RANDOM;
	prefixes(OPERAND);
	if (rex)
		emit(0x48);
	c->destination = gpr;
	c->width = rex ? 64 : operand16 ? 16 : 32;
	emit(0x0f), emit(0xc7), emit(0xc0 | field << 3 | gpr);
}

static void kind_rdrand(void) { kind_random(6); }
static void kind_rdseed(void) { kind_random(7); }

static void kind_exception(void)
{
	switch (below(14)) {
	case 0: emit(0x0f), emit(0x0b); break;					/* UD2 */
	case 1: emit(0x31), emit(0xc9), emit(0xf7), emit(0xf1); break;		/* XOR ECX, ECX; DIV ECX */
	case 2: emit(0xcc); break;
	case 3: emit(0xcd), emit((uint32_t)PICK(3, 4, 0x80, 0x81, 13, 0x20)); break;
	case 4: emit(0xce); c->flags |= one_in(2) ? 0x800 : 0; break;		/* INTO */
	case 5: emit(0xf1); break;						/* INT1 */
	case 6: prefixes(OPERAND | SEGMENT); emit(0x8b); memory(AX); break;	/* MOV EAX, [] */
	case 7: prefixes(OPERAND | SEGMENT); emit(0x89); memory(DX); break;	/* MOV [], EDX */
	case 8: c->cr0 |= CR0_TS; emit(0xd9), emit(0xee); break;		/* FLDZ: #NM */
	case 9: c->cr0 |= CR0_AM; c->flags |= FLAG_AC; prefixes(SEGMENT); emit(0x8b); memory(CX); break;
	case 10: emit(0x0f), emit(0xff), emit(0xc0); break;			/* UD0 */
	case 11: emit(0x8e), emit(0xd8 | AX); c->gpr[AX] = PICK(0, 0x48, 0x48, 0x1000, 0x18, 0x38); break;	/* MOV DS, AX */
	case 12: c->flags |= FLAG_TF; prefixes(SEGMENT); emit(0x8b); memory(AX); break;
	default: emit(0xf7), emit(0xf9); c->gpr[CX] = 0xffffffff; c->gpr[AX] = 0x80000000; c->gpr[DX] = 0xffffffff; break; /* IDIV overflow */
	}
}

static void kind_outside(void)
{
	if (!wide) {
		kind_exception();
		return;
	}
	prefixes(0);
	c->flags &= ~FLAG_TF;	/* Bochs saves BS at the EPT violation, before the instruction (SDM 3C 27.3.4 does not) */
	c->ds = c->es = SEGMENT_FLAT;
	emit(0x8b), emit(BX);
	c->gpr[BX] = 0x8000000 + below(0x100000);
}

static void kind_task(void)
{
	c->task = true;
	c->bytes = c->at = 0;
	c->mode = one_in(8) ? MODE_PROTECTED_USER : MODE_PROTECTED;
	user = c->mode == MODE_PROTECTED_USER;
	c->task_fault = one_in(2) ? 0 : 1 + below(3);
	c->flags &= ~FLAG_TF;
	if (one_in(3) && !user) {	/* IRET to the other task, which is busy */
		c->flags |= FLAG_NT;
		c->task_fault = one_in(3) ? 0 : 1;
		emit(0xcf);
		return;
	}
	emit(one_in(2) ? 0xea : 0x9a);
	emit32(0);
	emit(SEL_TASK), emit(0);
}

static const struct {
	void (*make)(void);
	uint32_t weight;
} makers[] = {
#define KIND(maker, name, reason, weight) { maker, weight },
#include "model/emulate/kinds.def"
#undef KIND
};

const struct emulate_kind emulate_kinds[] = {
#define KIND(maker, name, reason, weight) { name, reason },
#include "model/emulate/kinds.def"
#undef KIND
};

const uint32_t emulate_kind_count = sizeof(emulate_kinds) / sizeof(emulate_kinds[0]);

static uint32_t pick_kind(void)
{
	uint32_t total = 0, at;

	for (uint32_t i = 0; i < emulate_kind_count; i++)
		total += makers[i].weight;
	at = below(total);
	for (uint32_t i = 0; ; i++) {
		if (at < makers[i].weight)
			return i;
		at -= makers[i].weight;
	}
}

static void common(void)
{
	user = c->mode == MODE_LONG_USER || c->mode == MODE_COMPAT_USER || c->mode == MODE_PROTECTED_USER;
	for (uint32_t i = 0; i < 16; i++)
		c->gpr[i] = wide ? interesting() : (uint32_t)interesting();
	for (uint32_t i = 8; !wide && i < 16; i++)
		c->gpr[i] = 0;
	c->flags = random64() & 0x8d5;
	c->flags |= one_in(4) ? FLAG_DF : 0;
	c->flags |= one_in(14) ? FLAG_TF : 0;
	c->flags |= one_in(14) ? FLAG_RF : 0;
	c->flags |= one_in(14) && c->mode != MODE_REAL ? FLAG_AC : 0;
	c->flags |= IOPL(one_in(2) ? 3u : 0u);
	if (!long_mode() && !based()) {
		c->ds = one_in(3) ? below(SEGMENT_KINDS) : SEGMENT_FLAT;
		c->es = one_in(3) ? below(SEGMENT_KINDS) : SEGMENT_FLAT;
	}
	if (!based()) {
		c->fs = one_in(3) ? SEGMENT_DATA : SEGMENT_FLAT;
		c->gs = one_in(3) ? SEGMENT_DATA : SEGMENT_FLAT;
	}
	if (c->mode == MODE_COMPAT_16 || c->mode == MODE_PROTECTED_16)	/* 16-bit offsets reach no flat pointer */
		c->ds = c->es = c->fs = c->gs = SEGMENT_DATA;
	c->paging = wide ? PAGING_4_LEVEL : c->mode == MODE_REAL ? PAGING_OFF : PAGING_OFF + below(3);
	for (uint32_t i = 0; i < DATA_PAGES; i++)
		c->page[i] = one_in(3) && c->paging != PAGING_OFF ? below(PAGE_STATES) : PAGE_FREE;
	if (wide && !user && one_in(4))
		c->cr4 |= CR4_SMAP;
}

void emulate_generate(uint64_t seed, uint64_t number, bool is_wide, struct emulate_case *out)
{
	static const struct emulate_case none;

	state = seed * 0xd1342543de82ef95ull + number * 2 + is_wide;
	(void)random64();
	wide = is_wide;
	c = out;
	*c = none;
	c->mode = wide ? below(MODES_64) : MODES_64 + below(MODES - MODES_64);
	common();
	c->kind = pick_kind();
	if (wide && emulate_kinds[c->kind].reason == 9)
		c->kind = 0;
	if (number < MODES)	/* the first: UD2 in each mode, what a fault alone costs */
		c->kind = 0;
	if (one_in(24) && c->mode != MODE_REAL && c->mode != MODE_V86)
		emit(0x90);
	if (one_in(10) && makers[c->kind].make != kind_hlt && !user)
		load32(AX == 0 ? BP : BP, (uint32_t)random64());	/* not alone */
	c->at = c->bytes;
	makers[c->kind].make();
	c->ip = below(0xf00);
	if (one_in(4)) {	/* across the pages */
		c->ip = 0x1000 - 1 - below(c->bytes);
		c->code_absent = c->policy == SAME && c->paging != PAGING_OFF && one_in(8);
	}
	if (!wide)
		for (uint32_t i = 0; i < 16; i++)
			c->gpr[i] = i < 8 ? (uint32_t)c->gpr[i] : 0;
}
