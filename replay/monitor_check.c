/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debugger checks itself: digests of a place, and journeys to random places and back, with the times they took. The
 * tests and the benchmark use these.
 */
#include "file.h"
#include "gdb_registers.h"
#include "monitor_internal.h"
#include "say.h"
#include "travel_internal.h"

#include "hv/vmcs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEPS 10
#define HITS 1000		/* so many watchpoints' hits are stops; the others are only noted */
#define REASONS 80		/* exit reasons (SDM 3D C) */
#define CHUNK (1u << 20)

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* SHA-256 of all registers of the VM at the stop, but without the platform's time. */
static bool digest_registers(struct travel *travel, u8 digest[32])
{
	struct gdb_registers registers;
	u8 all[4096];
	u32 at = 0;

	if (travel->place.vm == VM_MAX || !gdb_registers_get(travel, travel->place.vm, &registers))
		return false;
	for (u32 i = 0; i < gdb_register_count(); i++)
		at += gdb_register(&registers, i, all + at);
	file_sha256(all, at, digest);
	return true;
}

/* SHA-256 of the digests of each MiB of its RAM. */
static bool digest_memory(struct travel *travel, u8 digest[32])
{
	const struct plan_vm *vm = &travel->layout.plan.vm[travel->place.vm % VM_MAX];
	u64 chunks = (vm->ram_bytes + CHUNK - 1) / CHUNK;
	u8 *sums = say_alloc(chunks * 32), *data = say_alloc(CHUNK);
	bool good = true;

	for (u64 i = 0; good && i < chunks; i++) {
		u64 bytes = vm->ram_bytes - i * CHUNK < CHUNK ? vm->ram_bytes - i * CHUNK : CHUNK;

		good = target_read(&travel->now, vm->ram_hpa + i * CHUNK, data, bytes);
		file_sha256(data, bytes, sums + i * 32);
	}
	file_sha256(sums, chunks * 32, digest);
	free(sums);
	free(data);
	return good;
}

static bool sum_memory(struct travel *travel, char sum[65])
{
	const struct plan_vm *vm = &travel->layout.plan.vm[travel->place.vm % VM_MAX];

	return target_sum(&travel->now, vm->ram_hpa, vm->ram_bytes, sum);
}

static void hexadecimal(const u8 digest[32], char text[65])
{
	for (u32 i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

bool monitor_digest(struct call *call)
{
	u8 registers[32], memory[32];
	char text[65];

	if (!digest_registers(call->travel, registers) || !digest_memory(call->travel, memory)) {
		fprintf(call->out, "nothing to take a digest of\n");
		return false;
	}
	hexadecimal(registers, text);
	fprintf(call->out, "registers %s\n", text);
	monitor_text(call->json, "registers", text);
	hexadecimal(memory, text);
	fprintf(call->out, "memory    %s\n", text);
	monitor_text(call->json, "memory", text);
	return true;
}

static u64 draw(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double percentile(double *sample, u64 count, u64 percent)
{
	u64 i = (count * percent + 99) / 100;

	qsort(sample, count, sizeof(*sample), compare);
	return sample[(i > 0 ? i : 1) - 1];
}

static void put_seconds(struct call *call, const char *name, double *sample, u64 count)
{
	double p50 = percentile(sample, count, 50), p99 = percentile(sample, count, 99);
	struct json_object *json;

	fprintf(call->out, "%-14s p50 %.3f s, p99 %.3f s\n", name, p50, p99);
	if (call->json == NULL)
		return;
	json = json_object_new_object();
	json_object_object_add(json, "p50", json_object_new_double(p50));
	json_object_object_add(json, "p99", json_object_new_double(p99));
	json_object_object_add(call->json, name, json);
}

struct journey {
	double *go, *first, *again;
	u64 differ;
	u64 crossed[REASONS];		/* the exits that the ten steps went over, by reason */
	struct travel_place at;		/* the first place at which something differed */
};

/* To a random place, ten steps forwards and ten back: registers at each stop, and memory, must be as they were. */
static enum travel_result journey(struct travel *travel, u64 tick, u64 i, struct journey *journey)
{
	u8 before[STEPS + 1][32], here[32];
	char memory[65], memory_after[65];
	double begin = now();
	enum travel_result result = travel_goto_tick(travel, tick);
	struct travel_place start;
	u32 steps = 0;
	bool same;
	u64 exits;

	if (result == TRAVEL_STOPPED && travel->place.vm == VM_MAX)
		result = travel_step(travel, VM_MAX);
	journey->go[i] = now() - begin;
	if (result == TRAVEL_END)
		result = TRAVEL_STOPPED;
	start = travel->place;
	if (result != TRAVEL_STOPPED || !digest_registers(travel, before[0]) || !sum_memory(travel, memory))
		return TRAVEL_FAILED;
	exits = start.exits;
	while (steps < STEPS && (result = travel_step(travel, start.vm)) == TRAVEL_STOPPED) {
		u64 reason;

		if (!digest_registers(travel, before[++steps]))
			return TRAVEL_FAILED;
		if (travel->place.exits != exits &&
		    target_vmcs(&travel->now, travel->vmcs + start.vm * PAGE_BYTES, VM_EXIT_REASON, &reason))
			journey->crossed[(reason & 0xffff) % REASONS]++;
		exits = travel->place.exits;
	}
	if (result != TRAVEL_STOPPED && result != TRAVEL_END)
		return result;
	journey->first[i] = journey->again[i] = 0;
	same = true;
	for (u32 k = steps; k > 0; k--) {
		begin = now();
		result = travel_step_back(travel, start.vm);
		if (k == steps)
			journey->first[i] = now() - begin;
		else if (now() - begin > journey->again[i])
			journey->again[i] = now() - begin;
		if (result != TRAVEL_STOPPED || !digest_registers(travel, here))
			return TRAVEL_FAILED;
		same = same && memcmp(here, before[k - 1], 32) == 0;
	}
	if (!sum_memory(travel, memory_after))
		return TRAVEL_FAILED;
	if (!same || strcmp(memory, memory_after) != 0 || travel->place.position != start.position) {
		if (journey->differ++ == 0)
			journey->at = start;
	}
	return TRAVEL_STOPPED;
}

/* Of four places one is just before a VM exit, one close to a checkpoint, and two are anywhere. */
static u64 choose(struct travel *travel, u64 i, u64 ticks, u64 *state)
{
	u64 tick = travel->first.tick + draw(state) % ticks;

	if (i % 4 == 2 && travel_goto_tick(travel, tick) == TRAVEL_STOPPED) {
		target_exits(&travel->now, 1, 0);
		if ((target_run(&travel->now, travel->last.tick) & TARGET_EXIT) != 0)
			tick = travel->now.tick - 1 - draw(state) % STEPS;
		target_clear(&travel->now);
	} else if (i % 4 == 3 && travel->checkpoints > 0) {
		tick = travel->checkpoint[draw(state) % travel->checkpoints]->place.tick + draw(state) % (2 * STEPS) - STEPS;
	}
	return tick < travel->first.tick ? travel->first.tick : tick > travel->last.tick ? travel->last.tick : tick;
}

bool monitor_journeys(struct call *call)
{
	struct travel *travel = call->travel;
	u64 count = call->count > 1 ? strtoull(call->word[1], NULL, 0) : 10;
	u64 state = (call->count > 2 ? strtoull(call->word[2], NULL, 0) : 1) * 0x9e3779b97f4a7c15ull + 1;
	enum travel_result result = TRAVEL_STOPPED;
	struct journey all = { 0 };
	double begin = now();
	u64 ticks;

	if (count == 0 || count > 100000 || travel->live) {
		fprintf(call->out, "usage: journeys [1..100000] [SEED]\n");
		return false;
	}
	if (travel->last.tick == 0) {
		if (monitor_failed(call, travel_goto_end(travel)))
			return false;
		fprintf(call->out, "first pass     %.1f million ticks a second\n",
			(double)(travel->last.tick - travel->first.tick) / 1e6 / (now() - begin));
	}
	ticks = travel->last.tick - travel->first.tick;
	all.go = say_alloc(3 * count * sizeof(double));
	all.first = all.go + count;
	all.again = all.first + count;
	for (u64 i = 0; result == TRAVEL_STOPPED && i < count; i++)
		result = journey(travel, choose(travel, i, ticks, &state), i, &all);
	if (result == TRAVEL_STOPPED) {
		put_seconds(call, "goto", all.go, count);
		put_seconds(call, "back_first", all.first, count);
		put_seconds(call, "back_again", all.again, count);
		fprintf(call->out, "%" PRIu64 " journeys, %" PRIu64 " differ\n", count, all.differ);
		if (all.differ > 0)
			fprintf(call->out, "the first from %s at position %" PRIu64 ", tick %" PRIu64 "\n",
				monitor_vm(travel, all.at.vm), all.at.position, all.at.tick);
		fprintf(call->out, "exits on the way:");
		for (u32 i = 0; i < REASONS; i++)
			if (all.crossed[i] > 0)
				fprintf(call->out, " %u %s", (u32)all.crossed[i], monitor_exit_name(i));
		fprintf(call->out, "\n");
		if (call->json != NULL) {
			struct json_object *crossed = json_object_new_object();

			for (u32 i = 0; i < REASONS; i++)
				if (all.crossed[i] > 0)
					monitor_number(crossed, monitor_exit_name(i), all.crossed[i]);
			json_object_object_add(call->json, "exits_crossed", crossed);
		}
		monitor_number(call->json, "journeys", count);
		monitor_number(call->json, "differ", all.differ);
	}
	free(all.go);
	return !monitor_failed(call, result);
}

/*
 * Goes through the whole run once, without going back, with watchpoints all over RAM and stops at which everything is
 * looked at. What is asked for then, at the end, is of a machine that was debugged all the way.
 */
bool monitor_debugged(struct call *call)
{
	struct travel *travel = call->travel;
	u64 count = call->count > 1 ? strtoull(call->word[1], NULL, 0) : 1000;
	u64 watches = call->count > 2 ? strtoull(call->word[2], NULL, 0) : 20;
	u64 state = 0x9e3779b97f4a7c15ull, stops = 0, hits = 0;
	u64 from = travel->first.tick, ticks;
	u64 address[TARGET_WATCHES];
	u8 digest[32];

	if (count == 0 || count > 1000000 || watches > TARGET_WATCHES || travel->live) {
		fprintf(call->out, "usage: debugged [STOPS] [WATCHPOINTS]\n");
		return false;
	}
	if (travel->last.tick == 0 && monitor_failed(call, travel_goto_end(travel)))
		return false;
	ticks = travel->last.tick - from;
	for (u64 i = 0; i < watches; i++) {
		const struct plan_vm *vm = &travel->layout.plan.vm[i % travel->layout.plan.vm_count];
		const struct target_registers *r;
		u64 gpa;

		address[i] = vm->ram_hpa + draw(&state) % vm->ram_bytes / 8 * 8;
		if (i % 2 == 0 || travel_goto_tick(travel, from + ticks / watches * i) != TRAVEL_STOPPED ||
		    travel->place.vm == VM_MAX || (r = travel_registers(travel)) == NULL)
			continue;
		/* every other one on a stack */
		if (travel_walk(travel, travel->place.vm, r, r->gpr[4] & ~7ull, &gpa, NULL, NULL))
			travel_address(travel, travel->place.vm, gpa, 8, &address[i]);
	}
	if (monitor_failed(call, travel_restore(travel, travel_before(travel, from))))
		return false;
	for (u64 i = 0; i < watches; i++)
		target_watch(&travel->now, address[i], 8, true, true);
	for (u64 i = 1; i <= count && !travel->ended; i++) {
		u64 to = from + (u64)((double)ticks * (double)i / (double)count);

		while (travel->now.tick < to) {
			u32 stop = target_run(&travel->now, to);

			if ((stop & (TARGET_DEAD | TARGET_WOKEN)) != 0)
				return !monitor_failed(call, TRAVEL_FAILED);
			hits += (stop & (TARGET_READ | TARGET_WRITE)) != 0;
			stops++;
			if (hits == HITS)
				target_note(&travel->now);
			if (travel_look(travel) == TRAVEL_FAILED)
				return !monitor_failed(call, TRAVEL_FAILED);
			if (travel->place.vm != VM_MAX && !digest_registers(travel, digest))
				return !monitor_failed(call, TRAVEL_FAILED);
		}
	}
	target_clear(&travel->now);
	if (monitor_failed(call, travel_look(travel)))
		return false;
	fprintf(call->out, "%" PRIu64 " stops, %" PRIu64 " of them at %" PRIu64 " watchpoints\n", stops, hits, watches);
	monitor_number(call->json, "stops", stops);
	monitor_number(call->json, "hits", hits);
	return true;
}

/* How long it takes to find the last write to random places, from random moments. */
bool monitor_writes(struct call *call)
{
	struct travel *travel = call->travel;
	u64 count = call->count > 1 ? strtoull(call->word[1], NULL, 0) : 10;
	u64 state = (call->count > 2 ? strtoull(call->word[2], NULL, 0) : 1) * 0x9e3779b97f4a7c15ull + 1;
	enum travel_result result = TRAVEL_STOPPED;
	u64 found = 0;
	double *sample;

	if (count == 0 || count > 100000 || travel->live) {
		fprintf(call->out, "usage: writes [1..100000] [SEED]\n");
		return false;
	}
	if (travel->last.tick == 0 && monitor_failed(call, travel_goto_end(travel)))
		return false;
	sample = say_alloc(count * sizeof(*sample));
	for (u64 i = 0; i < count; i++) {
		struct travel_break watch = { .used = true, .kind = TRAVEL_ON_WRITE, .vm = VM_MAX, .bytes = 8 };
		u64 from = travel->first.tick + draw(&state) % (travel->last.tick - travel->first.tick);
		double begin;
		u32 hit;

		result = travel_goto_tick(travel, from);
		if (result == TRAVEL_STOPPED && travel->place.vm == VM_MAX)
			result = travel_step(travel, VM_MAX);
		if (result != TRAVEL_STOPPED && result != TRAVEL_END)
			break;
		watch.address = travel->layout.plan.vm[travel->place.vm].ram_hpa +
				draw(&state) % travel->layout.plan.vm[travel->place.vm].ram_bytes / 8 * 8;
		begin = now();
		result = travel_continue_back(travel, &watch, 1, &hit);
		sample[i] = now() - begin;
		if (result != TRAVEL_WRITE && result != TRAVEL_BEGIN)
			break;
		found += result == TRAVEL_WRITE;
		result = TRAVEL_STOPPED;
	}
	if (result == TRAVEL_STOPPED) {
		put_seconds(call, "last_write", sample, count);
		fprintf(call->out, "%" PRIu64 " of %" PRIu64 " places had been written\n", found, count);
		monitor_number(call->json, "found", found);
	}
	free(sample);
	return !monitor_failed(call, result);
}
