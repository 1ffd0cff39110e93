/* SPDX-License-Identifier: BSD-2-Clause */
/* What breakpoints and watchpoints cost that are not hit: on cold pages and on the hottest ones, in the host's CPU time. */
#include "monitor_internal.h"
#include "travel_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define UNHIT 100		/* breakpoints on pages that no instruction runs on */
#define HOT 4
#define SAMPLES 40
#define PAGES 64		/* of per-CPU data that are asked which one is hot */
#define SLOTS 64		/* of a page */

struct costs {
	u64 from, ticks;
	u64 code[HOT];		/* linear, on the page on which most samples were */
	u64 data[HOT];		/* physical, on the page of per-CPU data with most accesses */
	u64 code_page, data_page, accesses;
	u32 data_count;
};

/* Runs the stretch with `count` breakpoints (or watchpoints) of `bytes`, hits only counted: CPU seconds. 0: it failed. */
static double stretch(struct travel *travel, const struct costs *costs, bool watch, const u64 *address, u32 count, u64 bytes,
		      u64 *hits)
{
	double begin;

	if (travel_goto_tick(travel, costs->from) != TRAVEL_STOPPED)
		return 0;
	for (u32 i = 0; i < count; i++)
		if (watch)
			target_watch(&travel->now, address[i], bytes, true, true);
		else
			target_break(&travel->now, address[i], 0, TARGET_ANY);
	target_note(&travel->now);
	begin = target_cpu_seconds(&travel->now);
	if ((target_run(&travel->now, costs->from + costs->ticks) & TARGET_TICK) == 0)
		return 0;
	begin = target_cpu_seconds(&travel->now) - begin;
	if (hits != NULL)
		target_counts(&travel->now, watch, hits, count);
	target_clear(&travel->now);
	return begin;
}

/* Four addresses on the hottest page of code, and four on that of per-CPU data, where nothing runs or is accessed. */
static bool find_hot(struct travel *travel, struct costs *costs)
{
	u64 rip[SAMPLES], page[PAGES], slot[SLOTS], hits[PAGES], gs = 0;
	u32 samples = 0, best = 0, pages = 0, found = 0;
	u64 offset = 1;

	for (u32 i = 0; i < SAMPLES; i++) {
		const struct target_registers *r;

		if (travel_goto_tick(travel, costs->from + costs->ticks / SAMPLES * i) != TRAVEL_STOPPED)
			return false;
		r = travel->place.vm == VM_MAX ? NULL : travel_registers(travel);
		if (r == NULL)
			continue;
		rip[samples++] = r->rip;
		if ((r->segment[TARGET_CS].selector & 3) == 0 && (r->segment[TARGET_GS].base >> 63) != 0)
			gs = r->segment[TARGET_GS].base;
		for (u64 k = 0; pages == 0 && gs != 0 && k < PAGES; k++) {
			u64 gpa, address;

			if (travel_walk(travel, travel->place.vm, r, (gs & ~4095ull) + k * 4096, &gpa, NULL, NULL) &&
			    travel_address(travel, travel->place.vm, gpa, 4096, &address))
				page[pages++] = address;
		}
	}
	for (u32 i = 0, most = 0; i < samples; i++) {
		u32 same_page = 0;

		for (u32 k = 0; k < samples; k++)
			same_page += rip[k] >> 12 == rip[i] >> 12;
		if (same_page > most) {
			most = same_page;
			best = i;
		}
	}
	if (samples == 0)
		return false;
	costs->code_page = rip[best] & ~4095ull;
	for (; found < HOT && offset < 4096; offset += SLOTS) {
		u64 address[SLOTS];

		for (u32 i = 0; i < SLOTS; i++)
			address[i] = costs->code_page + (rip[best] + offset + i) % 4096;
		if (stretch(travel, costs, false, address, SLOTS, 1, hits) == 0)
			return false;
		for (u32 i = 0; i < SLOTS && found < HOT; i++)
			if (hits[i] == 0)
				costs->code[found++] = address[i];
	}
	if (found < HOT)
		return false;
	if (pages == 0)
		return true;	/* a guest without per-CPU data: no figure for watchpoints */
	if (stretch(travel, costs, true, page, pages, 4096, hits) == 0)
		return false;
	for (u32 i = best = 0; i < pages; i++)
		if (hits[i] > hits[best])
			best = i;
	costs->data_page = page[best];
	costs->accesses = hits[best];
	for (u32 i = 0; i < SLOTS; i++)
		slot[i] = costs->data_page + i * (4096 / SLOTS);
	if (stretch(travel, costs, true, slot, SLOTS, 4096 / SLOTS, hits) == 0)
		return false;
	for (u32 i = 0; i < SLOTS && costs->data_count < HOT; i++)
		if (hits[i] == 0)
			costs->data[costs->data_count++] = slot[i];
	return true;
}

/* The least of three, for each kind, in the host's CPU time. */
bool monitor_costs(struct call *call)
{
	struct travel *travel = call->travel;
	struct costs costs = { .ticks = call->count > 1 ? strtoull(call->word[1], NULL, 0) : 50000000 };
	double least[4] = { 1e9, 1e9, 1e9, 1e9 };
	u64 cold[UNHIT];

	if (travel->live || costs.ticks < SAMPLES ||
	    (travel->last.tick == 0 && monitor_failed(call, travel_goto_end(travel))))
		return false;
	if (costs.ticks > travel->last.tick - travel->first.tick)
		costs.ticks = travel->last.tick - travel->first.tick;
	costs.from = travel->first.tick + (travel->last.tick - travel->first.tick - costs.ticks) / 2;
	for (u32 i = 0; i < UNHIT; i++)
		cold[i] = 0xffffffffff000000ull + i * 4123;
	if (!find_hot(travel, &costs))
		return !monitor_failed(call, TRAVEL_FAILED);
	for (u32 i = 0; i < 12; i++) {
		u32 kind = i % 4;
		double seconds = kind == 0 ? stretch(travel, &costs, false, NULL, 0, 0, NULL) :
				 kind == 1 ? stretch(travel, &costs, false, cold, UNHIT, 1, NULL) :
				 kind == 2 ? stretch(travel, &costs, false, costs.code, HOT, 1, NULL) :
					     stretch(travel, &costs, true, costs.data, costs.data_count, 8, NULL);

		if (seconds == 0)
			return !monitor_failed(call, TRAVEL_FAILED);
		if (seconds < least[kind])
			least[kind] = seconds;
	}
	fprintf(call->out, "%.1f million ticks a second of CPU time\n%u breakpoints on cold pages %.3fx\n%u breakpoints on page "
			   "0x%" PRIx64 " %.3fx\n%u watchpoints on page 0x%" PRIx64 " with %" PRIu64 " accesses %.3fx\n",
		(double)costs.ticks / 1e6 / least[0], UNHIT, least[1] / least[0], HOT, costs.code_page, least[2] / least[0],
		costs.data_count, costs.data_page, costs.accesses, least[3] / least[0]);
	monitor_number(call->json, "ticks_a_second", (u64)((double)costs.ticks / least[0]));
	monitor_number(call->json, "hot_watchpoints", costs.data_count);
	monitor_number(call->json, "hot_accesses", costs.accesses);
	if (call->json != NULL) {
		json_object_object_add(call->json, "breakpoints", json_object_new_double(least[1] / least[0]));
		json_object_object_add(call->json, "hot_breakpoints", json_object_new_double(least[2] / least[0]));
		json_object_object_add(call->json, "watchpoints", json_object_new_double(least[3] / least[0]));
	}
	return travel_goto_tick(travel, travel->first.tick) == TRAVEL_STOPPED;
}
