/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk of a guest's own page tables. */
#include "gwalk.h"
#include "gmem.h"
#include "x86.h"

/* Bits of a paging-structure entry (SDM 3A tables 4-4 to 4-20). */
#define P 0x1ull
#define RW 0x2ull
#define US 0x4ull
#define A 0x20ull
#define D 0x40ull
#define PS 0x80ull
#define XD (1ull << 63)
#define FRAME 0x000ffffffffff000ull

enum gwalk_mode { GWALK_NONE, GWALK_32BIT, GWALK_PAE, GWALK_4LEVEL };

/* One entry on the way. */
struct step {
	u64 gpa;	/* where it lies */
	u64 entry;
};

/* A walk under way: the mode, the entries used so far from the top down, and what the access is. */
struct way {
	enum gwalk_mode mode;
	bool nx;	/* XD is a right, not a reserved bit */
	u32 access;
	u32 steps;
	struct step step[4];
};

/*@ // What is right of a way: its entries are in step[0 .. steps - 1].
    predicate way_ok{L}(struct way *w) = w->mode <= GWALK_4LEVEL && w->steps <= 4;

    // The rights of SDM 3A 4.6.1: `all` and `any` are the entries' bits, ANDed and ORed.
    predicate way_allowed{L}(struct paging *p, struct way *w, integer all, integer any) =
      (p->user != 0 ==> (all & US) != 0) &&
      ((w->access & GWALK_FETCH) != 0 ==>
         !(p->user == 0 && (all & US) != 0 && (p->cr4 & CR4_SMEP) != 0) && (w->nx != 0 ==> (any & XD) == 0)) &&
      ((w->access & GWALK_FETCH) == 0 ==>
         !(p->user == 0 && (all & US) != 0 && (p->cr4 & CR4_SMAP) != 0 && p->ac == 0) &&
         ((w->access & GWALK_WRITE) != 0 && (all & RW) == 0 ==> p->user == 0 && (p->cr0 & CR0_WP) == 0));
*/

/* SDM 3A 4.1.1 */
/*@ requires valid: \valid_read(paging);
    assigns  \nothing;
    exits    never: \false;
    ensures  mode:  \result == ((paging->cr0 & CR0_PG) == 0 ? GWALK_NONE : (paging->cr4 & CR4_PAE) == 0 ? GWALK_32BIT :
                                (paging->efer & EFER_LMA) == 0 ? GWALK_PAE : GWALK_4LEVEL);
*/
static enum gwalk_mode mode_of(const struct paging *paging)
{
	if ((paging->cr0 & CR0_PG) == 0)
		return GWALK_NONE;
	if ((paging->cr4 & CR4_PAE) == 0)
		return GWALK_32BIT;
	return (paging->efer & EFER_LMA) == 0 ? GWALK_PAE : GWALK_4LEVEL;
}

/* The error code's bits that describe the access, not the tables. I/D is reported only where a fetch has rights of its
 * own (SDM 3A 4.7). */
/*@ requires valid: \valid_read(paging) && \valid_read(way);
    assigns  \nothing;
    exits    never: \false;
    ensures  code:  \result == ((way->access & GWALK_WRITE) != 0 ? PF_WRITE : 0) + (paging->user != 0 ? PF_USER : 0) +
                    ((way->access & GWALK_FETCH) != 0 && (way->nx != 0 || (paging->cr4 & CR4_SMEP) != 0) ? PF_FETCH : 0);
    ensures  range: \result <= 0x16;
*/
static u32 access_bits(const struct paging *paging, const struct way *way)
{
	u32 code = 0;

	if ((way->access & GWALK_WRITE) != 0)
		code += PF_WRITE;
	if (paging->user)
		code += PF_USER;
	if ((way->access & GWALK_FETCH) != 0 && (way->nx || (paging->cr4 & CR4_SMEP) != 0))
		code += PF_FETCH;
	return code;
}

/* Bits low..high, both counted. */
/*@ requires range: low <= 63 && high <= 63;
    assigns  \nothing;
    exits    never: \false;
    ensures  none:  low > high ==> \result == 0;
*/
static u64 bits(u32 low, u32 high)
{
	return low > high ? 0 : (~0ull >> (63 - high)) & (~0ull << low);
}

/* Bits that must be 0 in an entry of level `level` (1 = PT) that is present. */
/*@ requires valid: \valid_read(paging) && \valid_read(way);
    requires width: 36 <= paging->maxphyaddr <= 52;
    requires level: 1 <= level <= 4;
    assigns  \nothing;
    exits    never: \false;
    ensures  none:  way->mode == GWALK_32BIT && (level != 2 || (entry & PS) == 0 || (paging->cr4 & CR4_PSE) == 0) ==>
                    \result == 0;
*/
static u64 reserved_bits(const struct paging *paging, const struct way *way, u64 entry, u32 level)
{
	bool page = level == 1 || (entry & PS) != 0;
	u64 reserved;

	if (way->mode == GWALK_32BIT) {
		/* SDM 3A table 4-4: with PSE-36 bits 20:13 hold address bits 39:32, as far as there are any */
		if (level == 2 && page && (paging->cr4 & CR4_PSE) != 0)
			return bits(paging->maxphyaddr < 40 ? paging->maxphyaddr - 19 : 21, 21);
		return 0;
	}
	reserved = bits(paging->maxphyaddr, way->mode == GWALK_PAE ? 62 : 51);
	if (!way->nx)
		reserved |= XD;
	if (level == 4)
		reserved |= PS;
	if (page && level > 1)
		reserved |= bits(13, level == 2 ? 20 : 29);
	return reserved;
}

/* Where the first table lies. PAE paging starts below the PDPTEs, which the processor holds. False: no table. */
/*@ requires valid: \valid_read(paging) && \valid_read(way) && \valid(table);
    requires apart: \separated(table, paging, way);
    requires width: 36 <= paging->maxphyaddr <= 52;
    assigns  *table;
    exits    never: \false;
    ensures  root:  way->mode != GWALK_PAE ==> \result;
    ensures  pdpte: way->mode == GWALK_PAE ==> (\result <==> (paging->pdpte[linear / 0x40000000 % 4] & P) != 0);
*/
static bool start(const struct paging *paging, const struct way *way, u64 linear, u64 *table)
{
	u64 pdpte;

	switch (way->mode) {
	case GWALK_PAE:
		pdpte = paging->pdpte[linear / 0x40000000u % 4u];
		*table = pdpte & FRAME & bits(0, paging->maxphyaddr - 1);
		return (pdpte & P) != 0;
	case GWALK_4LEVEL:
		*table = paging->cr3 & FRAME & bits(0, paging->maxphyaddr - 1);
		return true;
	default:
		*table = paging->cr3 & 0xfffff000ull;
		return true;
	}
}

/* The page's frame, from the entry that maps it. */
/*@ requires valid: \valid_read(way);
    requires shift: shift <= 63;
    assigns  \nothing;
    exits    never: \false;
*/
static u64 page_address(const struct way *way, u64 entry, u32 shift)
{
	if (way->mode == GWALK_32BIT && shift == 22)	/* PSE-36: bits 20:13 are address bits 39:32 */
		return (entry & 0xffc00000ull) | (entry >> 13 & 0xff) << 32;
	return entry & FRAME & (~0ull << shift);
}

/* The protection key rule (SDM 3A 4.6.2), for data accesses to user pages. */
/*@ requires valid: \valid_read(paging) && \valid_read(way);
    requires steps: 1 <= way->steps <= 4;
    assigns  \nothing;
    exits    never: \false;
    ensures  off:   way->mode != GWALK_4LEVEL || (paging->cr4 & CR4_PKE) == 0 || (way->access & GWALK_FETCH) != 0 || !user_page ==>
                    !\result;
*/
static bool key_forbids(const struct paging *paging, const struct way *way, bool user_page)
{
	u64 entry = way->step[way->steps - 1].entry;
	u32 key = paging->pkru >> (u32)(entry / 0x800000000000000u % 16u) * 2u & 3u;	/* bits 62:59 */
	bool write = (way->access & GWALK_WRITE) != 0;

	if (way->mode != GWALK_4LEVEL || (paging->cr4 & CR4_PKE) == 0 || (way->access & GWALK_FETCH) != 0 || !user_page)
		return false;
	return (key & 1) != 0 || ((key & 2) != 0 && write && (paging->user || (paging->cr0 & CR0_WP) != 0));
}

/* The rights of SDM 3A 4.6.1, without protection keys. `all` and `any` are the entries' bits, ANDed and ORed. */
/*@ requires valid: \valid_read(paging) && \valid_read(way);
    assigns  \nothing;
    exits    never: \false;
    ensures  right: \result <==> way_allowed(paging, way, all, any);
*/
static bool allowed(const struct paging *paging, const struct way *way, u64 all, u64 any)
{
	bool user_page = (all & US) != 0;

	if (paging->user && !user_page)
		return false;
	if ((way->access & GWALK_FETCH) != 0) {
		if (!paging->user && user_page && (paging->cr4 & CR4_SMEP) != 0)
			return false;
		return !way->nx || (any & XD) == 0;
	}
	if (!paging->user && user_page && (paging->cr4 & CR4_SMAP) != 0 && !paging->ac)
		return false;
	if ((way->access & GWALK_WRITE) != 0 && (all & RW) == 0)
		return !paging->user && (paging->cr0 & CR0_WP) == 0;
	return true;
}

/* A in every entry, D in the last one for a write. Read again each time: an entry can be used at several levels. */
/*@ requires vm:    vm < VM_MAX;
    requires ready: gmem_ready(vm);
    requires valid: \valid_read(way) && way_ok(way);
    assigns  vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never: \false;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
*/
static void set_accessed_dirty(vm_id vm, const struct way *way)
{
	u32 width = way->mode == GWALK_32BIT ? 4 : 8;

	/*@ loop invariant range:  0 <= i <= way->steps;
	    loop invariant tables: ept_same_tables{Pre, Here}(vm);
	    loop assigns i, vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
	    loop variant way->steps - i;
	*/
	for (u32 i = 0; i < way->steps; i++) {
		u64 set = i == way->steps - 1 && (way->access & GWALK_WRITE) != 0 ? A | D : A;
		u64 entry;

		if (gmem_read(vm, way->step[i].gpa, width, &entry) == OK && (entry & set) != set)
			(void)gmem_write(vm, way->step[i].gpa, width, entry | set);
	}
}

/* Rights of the whole way, then A and D. */
/*@ requires vm:    vm < VM_MAX;
    requires ready: gmem_ready(vm);
    requires valid: \valid_read(paging) && \valid_read(way) && way_ok(way);
    requires steps: 1 <= way->steps;
    assigns  vm_ept[vm], host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never: \false;
    ensures  code:  \result == 0 || \result == PF_PRESENT || \result == PF_PRESENT + PF_KEY;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
*/
static u32 judge(vm_id vm, const struct paging *paging, const struct way *way)
{
	u64 all = ~0ull, any = 0;
	u32 code = 0;

	/*@ loop invariant range: 0 <= i <= way->steps;
	    loop assigns i, all, any;
	    loop variant way->steps - i;
	*/
	for (u32 i = 0; i < way->steps; i++) {
		all &= way->step[i].entry;
		any |= way->step[i].entry;
	}
	if (!allowed(paging, way, all, any))
		code = PF_PRESENT;
	if (key_forbids(paging, way, (all & US) != 0))
		code = PF_PRESENT + PF_KEY;
	if (code == 0)
		set_accessed_dirty(vm, way);
	return code;
}

/* Down the tables to the page. */
/*@ requires vm:     vm < VM_MAX;
    requires ready:  gmem_ready(vm);
    requires valid:  \valid_read(paging) && \valid(way) && \valid(out);
    requires apart:  \separated(paging, way, out);
    requires width:  36 <= paging->maxphyaddr <= 52;
    requires mode:   GWALK_NONE < way->mode <= GWALK_4LEVEL && way->steps == 0;
    assigns  way->steps, way->step[0 .. 3], out->gpa, out->page_bytes_shift, out->error_code, vm_ept[vm],
             host_memory[vm_ram[vm].hpa .. vm_ram[vm].hpa + vm_ram[vm].bytes - 1];
    exits    never:  \false;
    ensures  result: \result == OK || \result == ERR_UNMAPPED || \result == ERR_RANGE;
    ensures  code:   \result == ERR_UNMAPPED ==> out->error_code <= 0x3f;
    ensures  tables: ept_same_tables{Pre, Post}(vm);
*/
static enum error descend(vm_id vm, const struct paging *paging, struct way *way, u64 linear, struct gwalk *out)
{
	bool small = way->mode == GWALK_32BIT;
	u32 index_bits = small ? 10 : 9;
	u32 width = small ? 4 : 8;
	u64 table, entry;
	u32 code;

	out->error_code = access_bits(paging, way);
	if (!start(paging, way, linear, &table))
		return ERR_UNMAPPED;
	/*@ loop invariant level: 0 <= level <= (small ? 2 : 4);
	    loop invariant steps: way->steps == (way->mode == GWALK_4LEVEL ? 4 : 2) - level;
	    loop invariant code:  out->error_code <= 0x16;
	    loop assigns level, table, entry, way->steps, way->step[0 .. 3], out->gpa, out->page_bytes_shift, out->error_code;
	    loop variant level;
	*/
	for (u32 level = way->mode == GWALK_4LEVEL ? 4 : 2; level > 0; level--) {
		u32 shift = PAGE_SHIFT + (level - 1) * index_bits;
		u64 gpa = table + (linear >> shift & bits(0, index_bits - 1)) * width;

		if (gmem_read(vm, gpa, width, &entry) != OK)
			return ERR_RANGE;
		way->step[way->steps].gpa = gpa;
		way->step[way->steps].entry = entry;
		way->steps++;
		if ((entry & P) == 0)
			return ERR_UNMAPPED;
		if ((entry & reserved_bits(paging, way, entry, level)) != 0) {
			out->error_code += PF_PRESENT + PF_RESERVED;
			return ERR_UNMAPPED;
		}
		if (level == 1 || ((entry & PS) != 0 && (!small || (paging->cr4 & CR4_PSE) != 0))) {
			out->gpa = page_address(way, entry, shift) | (linear & bits(0, shift - 1));
			out->page_bytes_shift = shift;
			break;
		}
		table = entry & FRAME;
	}
	code = judge(vm, paging, way);
	out->error_code += code;
	return code == 0 ? OK : ERR_UNMAPPED;
}

enum error gwalk(vm_id vm, const struct paging *paging, u64 linear, u32 access, struct gwalk *out)
{
	struct way way = { .mode = mode_of(paging), .access = access };
	enum error error;

	*out = (struct gwalk){ .linear = linear };
	if (paging->maxphyaddr < 36 || paging->maxphyaddr > 52)
		return ERR_INVALID;
	way.nx = way.mode >= GWALK_PAE && (paging->efer & EFER_NXE) != 0;
	switch (way.mode) {
	case GWALK_NONE:
		out->linear = linear % 0x100000000ull;
		out->gpa = out->linear;
		out->page_bytes_shift = 32;
		return OK;
	case GWALK_4LEVEL:
		if ((paging->cr4 & CR4_LA57) != 0)
			return ERR_INVALID;
		break;
	default:
		out->linear = linear % 0x100000000ull;
		break;
	}
	error = descend(vm, paging, &way, out->linear, out);
	if (error == OK)
		out->error_code = 0;
	return error;
}
