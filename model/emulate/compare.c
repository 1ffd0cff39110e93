/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compare 64|32 SEED FIRST COUNT NATIVE EMULATED: compares what the same snippets did natively and under the hypervisor, line by
 * line. Prints "differs N: ..." for each difference, "kind NAME REASON CASES" for each kind of snippet, and "cases N differ N waived N".
 */
#include "model/emulate/case.h"
#include "hv/cpuid.h"
#include "hv/plan.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS 80

static const char *const modes[MODES] = { "64-bit", "64-bit CPL 3", "compatibility", "compatibility CPL 3", "compatibility 16-bit", "protected",
	"protected CPL 3", "protected 16-bit", "virtual-8086", "real" };
static const char *const gprs[16] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };

struct line {
	uint32_t count;
	struct { char name[8]; uint64_t value; } pair[PAIRS];
};

static bool parse(const char *text, struct line *out)
{
	int used, n;

	out->count = 0;
	if (sscanf(text, "#%*x%n", &used) != 0)
		return false;
	for (text += used; out->count < PAIRS && sscanf(text, " %7[a-z0-9]=%lx%n", out->pair[out->count].name, &out->pair[out->count].value, &n) == 2; text += n)
		out->count++;
	return out->count > 0;
}

static uint64_t *find(struct line *l, const char *name)
{
	for (uint32_t i = 0; i < l->count; i++)
		if (strcmp(l->pair[i].name, name) == 0)
			return &l->pair[i].value;
	return NULL;
}

/* A general register, as it is there or as it was at first. */
static uint64_t gpr(const struct emulate_case *c, struct line *l, uint32_t n)
{
	uint64_t *value = find(l, gprs[n]);

	return value != NULL ? *value : n == 4 ? AT_STACK : c->gpr[n];
}

static void drop(struct line *l, const char *name)
{
	uint64_t *value = find(l, name);
	uint32_t i;

	if (value == NULL)
		return;
	for (i = 0; &l->pair[i].value != value; i++)
		;
	memmove(&l->pair[i], &l->pair[i + 1], (l->count - i - 1) * sizeof(l->pair[0]));
	l->count--;
}

/* The first name whose values differ, or null. */
static const char *different(struct line *a, struct line *b)
{
	for (uint32_t i = 0; i < a->count || i < b->count; i++) {
		if (i >= a->count)
			return b->pair[i].name;
		if (i >= b->count || strcmp(a->pair[i].name, b->pair[i].name) != 0 || a->pair[i].value != b->pair[i].value)
			return a->pair[i].name;
	}
	return NULL;
}

static bool completed(const struct emulate_case *c, struct line *l)
{
	uint64_t *ip = find(l, "ip");

	return ip != NULL && *ip >= c->ip + c->bytes;
}

static const char *by_policy(const struct emulate_case *c, struct line *n, struct line *e)
{
	if (!completed(c, n) || !completed(c, e))
		return different(n, e);
	switch (c->policy) {
	case POLICY_CPUID: {
		struct cpuid r = cpuid_leaf(PLAN_CPU_AVX, (uint32_t)c->gpr[0], (uint32_t)c->gpr[1]);

		if ((uint32_t)c->gpr[0] == 1)
			r.ecx |= 1u << 27;	/* OSXSAVE: CR4 has it */
		if ((uint32_t)c->gpr[0] == 13 && (uint32_t)c->gpr[1] == 0)
			r.ebx = 832;		/* XCR0 is 7 */
		if (gpr(c, e, 0) != r.eax || gpr(c, e, 1) != r.ecx || gpr(c, e, 2) != r.edx || gpr(c, e, 3) != r.ebx)
			return "CPUID's values";
		for (uint32_t i = 0; i < 4; i++)
			drop(n, gprs[i]), drop(e, gprs[i]);
		break;
	}
	case POLICY_RANDOM: {
		uint64_t mask = c->width == 16 ? ~0xffffull : c->width == 32 ? ~0xffffffffull : 0;

		if ((gpr(c, n, c->destination) & mask) != (gpr(c, e, c->destination) & mask))
			return "the rest of the destination";
		drop(n, gprs[c->destination]), drop(e, gprs[c->destination]);
		break;
	}
	case POLICY_VMCALL:
		if ((uint32_t)gpr(c, e, 0) != (uint32_t)-1000)
			return "VMCALL's answer";
		drop(n, "ax"), drop(e, "ax");
		break;
	default:
		if (gpr(c, e, 0) != ((uint32_t)c->gpr[1] == 0x1a0) || gpr(c, e, 2) != 0)
			return "the MSR's value";
		drop(n, "ax"), drop(e, "ax"), drop(n, "dx"), drop(e, "dx");
		break;
	}
	return different(n, e);
}

/* Where the processors that are compared differ for a reason that is known. */
#define USER (c->mode == MODE_LONG_USER || c->mode == MODE_COMPAT_USER || c->mode == MODE_PROTECTED_USER || c->mode == MODE_V86)
#define FAULT(line, vector) (find(line, "v") != NULL && *find(line, "v") == (vector))
#define ONLY_BIT(bit) only_bit(n, e, 1ull << (bit))
#define WAIVER(id, kind, condition, text) \
	static bool waiver_##id(const struct emulate_case *c, struct line *n, struct line *e) { (void)c; (void)n; (void)e; return condition; }

/* The lines differ in nothing but this bit. */
static bool only_bit(struct line *n, struct line *e, uint64_t bit)
{
	for (uint32_t i = 0; i < n->count || i < e->count; i++)
		if (i >= n->count || i >= e->count || strcmp(n->pair[i].name, e->pair[i].name) != 0 || ((n->pair[i].value ^ e->pair[i].value) & ~bit) != 0)
			return false;
	return true;
}

#include "model/emulate/waivers.def"
#undef WAIVER
#define WAIVER(id, kind, condition, text) { kind, waiver_##id, text },
static const struct waiver {
	const char *kind;
	bool (*applies)(const struct emulate_case *c, struct line *n, struct line *e);
	const char *text;
} waivers[] = {
#include "model/emulate/waivers.def"
};
#define WAIVERS (sizeof(waivers) / sizeof(waivers[0]))
static uint64_t waived[WAIVERS];

int main(int argc, char **argv)
{
	static struct emulate_case c;
	static struct line n, e;
	static char a[8192], b[8192];
	static uint64_t cases[256];
	uint64_t seed, first, count, differ = 0, waived_cases = 0;
	FILE *native, *emulated;
	bool wide;

	if (argc != 7)
		errx(2, "usage: compare 64|32 SEED FIRST COUNT NATIVE EMULATED");
	wide = strcmp(argv[1], "64") == 0;
	seed = strtoull(argv[2], NULL, 0);
	first = strtoull(argv[3], NULL, 0);
	count = strtoull(argv[4], NULL, 0);
	native = fopen(argv[5], "r");
	emulated = fopen(argv[6], "r");
	if (native == NULL || emulated == NULL)
		err(2, "%s", native == NULL ? argv[5] : argv[6]);
	for (uint64_t i = first; i < first + count; i++) {
		const char *what = NULL;

		if (fgets(a, sizeof(a), native) == NULL || fgets(b, sizeof(b), emulated) == NULL || a[0] != '#' || b[0] != '#') {
			printf("ends %lu: there are no results from this case on\n", i);
			return 1;
		}
		a[strcspn(a, "\r\n")] = b[strcspn(b, "\r\n")] = '\0';
		emulate_generate(seed, i, wide, &c);
		cases[c.kind]++;
		if (strchr(a, '=') == NULL || strchr(b, '=') == NULL) {
			what = strcmp(a, b) == 0 ? NULL : "the hash";
		} else if (!parse(a, &n) || !parse(b, &e)) {
			errx(2, "cannot read case %lu", i);
		} else {
			what = c.policy >= POLICY_SHOWN ? by_policy(&c, &n, &e) : different(&n, &e);
			for (uint32_t w = 0; what != NULL && w < WAIVERS; w++)
				if (strcmp(emulate_kinds[c.kind].name, waivers[w].kind) == 0 && waivers[w].applies(&c, &n, &e)) {
					waived[w]++;
					waived_cases++;
					what = NULL;
				}
		}
		if (what == NULL)
			continue;
		differ++;
		printf("differs %lu: %s, %s: %s\n", i, emulate_kinds[c.kind].name, modes[c.mode], what);
		if (strchr(a, '=') != NULL) {
			printf("    code");
			for (uint32_t k = 0; k < c.bytes; k++)
				printf(" %02x", c.code[k]);
			printf(" at %x\n    native   %s\n    emulated %s\n", c.ip, a, b);
		}
	}
	for (uint32_t k = 0; k < emulate_kind_count; k++)
		printf("kind\t%s\t%u\t%lu\n", emulate_kinds[k].name, emulate_kinds[k].reason, cases[k]);
	for (uint32_t w = 0; w < WAIVERS; w++)
		if (waived[w] != 0)
			printf("waived\t%lu\t%s: %s\n", waived[w], waivers[w].kind, waivers[w].text);
	printf("cases %lu differ %lu waived %lu\n", count, differ, waived_cases);
	return differ != 0;
}
