/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps, breakpoints and positions, forwards and backwards. */
#include "travel_internal.h"

#include <string.h>

#define WINDOW 512ull	/* ticks before a place in which the stop before it is looked for first */
#define REACH 100000ull	/* ticks before a place that are searched for a breakpoint first */

static enum travel_result result_of(const struct travel *travel, u32 stop)
{
	if (travel->ended)
		return TRAVEL_END;
	if ((stop & TARGET_DEAD) != 0)
		return TRAVEL_FAILED;
	return (stop & TARGET_WOKEN) != 0 ? TRAVEL_INTERRUPTED : TRAVEL_STOPPED;
}

enum travel_result travel_enter(struct travel *travel, u64 until)
{
	enum travel_result result;

	target_entry(&travel->now);
	result = result_of(travel, target_run(&travel->now, until));
	target_clear(&travel->now);
	return result == TRAVEL_STOPPED ? travel_look(travel) : result;
}

static bool same(const struct travel_place *a, const struct travel_place *b)
{
	return a->vm == b->vm && a->position == b->position && a->rip == b->rip;
}

/* The guests have ended: stands at the last stop. */
static enum travel_result at_end(struct travel *travel)
{
	if (travel->end_tick == 0 || travel->live)
		return travel->live ? TRAVEL_END : TRAVEL_FAILED;
	if (travel->last.tick == 0) {
		travel->place = (struct travel_place){ .vm = VM_MAX, .tick = travel->end_tick };
		if (travel_step_back(travel, VM_MAX) != TRAVEL_STOPPED)
			return TRAVEL_FAILED;
		travel->last = travel->place;
		return TRAVEL_END;
	}
	return travel_goto_tick(travel, travel->last.tick) == TRAVEL_STOPPED ? TRAVEL_END : TRAVEL_FAILED;
}

enum travel_result travel_step(struct travel *travel, u32 vm)
{
	struct travel_place from = travel->place;

	for (;;) {
		enum travel_result result = travel->place.vm == VM_MAX ?
						     travel_enter(travel, travel->end_tick) :
						     result_of(travel, target_step(&travel->now, 1));

		if (result == TRAVEL_STOPPED)
			result = travel_look(travel);
		if (result == TRAVEL_STOPPED && travel->end_tick != 0 && travel->place.vm == VM_MAX &&
		    travel->now.tick >= travel->end_tick)
			result = TRAVEL_END;
		if (result == TRAVEL_END)
			return at_end(travel);
		if (result == TRAVEL_INTERRUPTED && travel->place.vm == VM_MAX) {
			/* to the next stop all the same */
			result = travel_enter(travel, travel->end_tick);
			return result == TRAVEL_STOPPED ? TRAVEL_INTERRUPTED : result;
		}
		if (result != TRAVEL_STOPPED)
			return result;
		if (travel->place.vm != VM_MAX && (vm == VM_MAX || travel->place.vm == vm) &&
		    !same(&travel->place, &from))
			return TRAVEL_STOPPED;
	}
}

/*
 * The last stop of `vm` in [from, to) that is not `here`: the machine goes there. TRAVEL_BEGIN: there is none.
 */
static enum travel_result last_stop(struct travel *travel, u32 vm, u64 from, u64 to, const struct travel_place *here)
{
	struct target_hit steps[TARGET_HITS];
	enum travel_result result = travel_goto_tick(travel, from);
	u32 count;

	if (result == TRAVEL_END)
		return TRAVEL_BEGIN;
	if (result != TRAVEL_STOPPED)
		return result;
	target_trail(&travel->now, vm == VM_MAX ? 0 : vm + 1);
	result = result_of(travel, target_run(&travel->now, to));
	count = target_steps(&travel->now, steps);
	target_clear(&travel->now);
	if (result != TRAVEL_STOPPED && result != TRAVEL_END)
		return result;
	for (u32 i = count; i > 0; i--) {
		if (steps[i - 1].tick >= to)
			continue;
		result = travel_goto_tick(travel, steps[i - 1].tick);
		if (result != TRAVEL_STOPPED)
			return result;
		if (travel->place.vm != VM_MAX && !same(&travel->place, here))
			return TRAVEL_STOPPED;
	}
	result = travel_goto_tick(travel, from);	/* the boundary at `from` itself was not come by */
	if (result != TRAVEL_STOPPED)
		return result;
	return travel->place.vm != VM_MAX && (vm == VM_MAX || travel->place.vm == vm) && !same(&travel->place, here) ?
		       TRAVEL_STOPPED : TRAVEL_BEGIN;
}

enum travel_result travel_step_back(struct travel *travel, u32 vm)
{
	struct travel_place here = travel->place;
	enum travel_result result;

	if (here.tick <= travel->first.tick)
		return TRAVEL_BEGIN;
	if (here.vm != VM_MAX) {
		result = travel_goto_tick(travel, here.tick - 1);
		if (result != TRAVEL_STOPPED)
			return result;
		if (travel->place.tick == here.tick - 1 && travel->place.vm != VM_MAX &&
		    (vm == VM_MAX || travel->place.vm == vm) && !same(&travel->place, &here))
			return TRAVEL_STOPPED;
	}
	for (u64 to = here.tick, window = WINDOW;; window *= 8) {
		u64 from = to - travel->first.tick > window ? to - window : travel->first.tick;

		result = last_stop(travel, vm, from, to, &here);
		if (result != TRAVEL_BEGIN || from == travel->first.tick)
			return result;
		to = from;
	}
}

/* ---- breakpoints */

/* Sets them; travel->armed[0 and 1] say which one a breakpoint's or watchpoint's number means. */
static void arm(struct travel *travel, const struct travel_break *breaks, u32 count)
{
	u32 n[2] = { 0, 0 };

	for (u32 i = 0; i < count; i++) {
		const struct travel_break *this = &breaks[i];
		bool data = this->kind != TRAVEL_EXECUTE;

		if (!this->used)
			continue;
		if (data ? target_watch(&travel->now, this->address, this->bytes, this->kind != TRAVEL_ON_WRITE,
					this->kind != TRAVEL_ON_READ) :
			   target_break(&travel->now, this->linear, this->vm == VM_MAX ? 0 : this->vm + 1,
					this->has_cr3 ? this->cr3 : TARGET_ANY))
			travel->armed[data][n[data]++] = i;
	}
}

/* The breakpoint of a hit. */
static u32 which(const struct travel *travel, const struct target_hit *hit)
{
	return travel->armed[(hit->what & TARGET_BREAK) == 0][hit->index];
}

/* Which breakpoint is at the place where the machine stands? count: none. */
static u32 break_here(struct travel *travel, const struct travel_break *breaks, u32 count)
{
	const struct target_registers *registers = NULL;

	if (travel->place.vm == VM_MAX)
		return count;
	for (u32 i = 0; i < count; i++) {
		u64 linear = travel->place.rip;

		if (!breaks[i].used || breaks[i].kind != TRAVEL_EXECUTE ||
		    (breaks[i].vm != VM_MAX && breaks[i].vm != travel->place.vm))
			continue;
		if (breaks[i].linear != linear || breaks[i].has_cr3) {
			if (registers == NULL && (registers = travel_registers(travel)) == NULL)
				return count;
			linear += registers->segment[TARGET_CS].l ? 0 : registers->segment[TARGET_CS].base;
			if (breaks[i].linear != linear || (breaks[i].has_cr3 && breaks[i].cr3 != registers->cr3))
				continue;
		}
		return i;
	}
	return count;
}

enum travel_result travel_continue(struct travel *travel, struct travel_break *breaks, u32 count, u32 *hit)
{
	struct travel_place from = travel->place;
	enum travel_result result;

	arm(travel, breaks, count);
	for (;;) {
		u64 next = travel_next_checkpoint(travel);
		u32 stop = target_run(&travel->now, next);

		result = result_of(travel, stop);
		if (result == TRAVEL_END) {
			target_clear(&travel->now);
			return at_end(travel);
		}
		if (result == TRAVEL_FAILED || travel_look(travel) == TRAVEL_FAILED)
			return TRAVEL_FAILED;
		if ((stop & (TARGET_READ | TARGET_WRITE)) != 0) {
			bool write = (stop & TARGET_WRITE) != 0;

			*hit = which(travel, &travel->now.hit);
			target_clear(&travel->now);
			if (travel->place.vm == VM_MAX) {
				result = travel_enter(travel, travel->end_tick);
				if (result == TRAVEL_END)
					return at_end(travel);
				if (result != TRAVEL_STOPPED)
					return result;
			}
			return write ? TRAVEL_WRITE : TRAVEL_READ;
		}
		if ((stop & (TARGET_BREAK | TARGET_TICK)) != 0 && travel->place.vm != VM_MAX &&
		    !same(&travel->place, &from)) {
			*hit = break_here(travel, breaks, count);
			if (*hit < count) {
				target_clear(&travel->now);
				return TRAVEL_BREAK;
			}
		}
		if (result == TRAVEL_INTERRUPTED) {
			target_clear(&travel->now);
			if (travel->place.vm == VM_MAX && travel_enter(travel, travel->end_tick) != TRAVEL_STOPPED)
				return travel->ended ? at_end(travel) : TRAVEL_FAILED;
			return TRAVEL_INTERRUPTED;
		}
		if (travel->now.tick == next) {
			target_clear(&travel->now);
			if (travel_before(travel, next)->place.tick != next && !travel_checkpoint(travel))
				return TRAVEL_FAILED;
			arm(travel, breaks, count);
		}
	}
}

/* The last hit in [from's time, end]; TRAVEL_STOPPED if there is none. */
struct last_hit {
	enum travel_result what;
	u64 tick;
	u32 hit;
};

static enum travel_result last_in(struct travel *travel, struct checkpoint *from, u64 end,
				   const struct travel_place *here, struct travel_break *breaks, u32 count,
				   struct last_hit *last)
{
	enum travel_result result = travel_restore(travel, from);
	struct target_hit hits[TARGET_HITS];
	u32 hit;

	last->what = TRAVEL_STOPPED;
	if (result != TRAVEL_STOPPED || travel_look(travel) != TRAVEL_STOPPED)
		return TRAVEL_FAILED;
	hit = break_here(travel, breaks, count);
	if (hit < count && !same(&travel->place, here))
		*last = (struct last_hit){ TRAVEL_BREAK, travel->place.tick, hit };
	arm(travel, breaks, count);
	target_note(&travel->now);
	result = result_of(travel, target_run(&travel->now, end));
	if (result != TRAVEL_STOPPED && result != TRAVEL_END)
		return result;
	for (u32 i = target_hits(&travel->now, hits); i > 0; i--) {
		const struct target_hit *this = &hits[i - 1];
		bool execute = (this->what & TARGET_BREAK) != 0;

		if (this->tick > end || (execute && this->tick >= end))
			continue;
		*last = (struct last_hit){ execute ? TRAVEL_BREAK : (this->what & TARGET_WRITE) != 0 ? TRAVEL_WRITE :
												      TRAVEL_READ,
					   this->tick, which(travel, this) };
		break;
	}
	target_clear(&travel->now);
	return TRAVEL_STOPPED;
}

/* The checkpoint from which to search up to `end`; one is made if the last is much further away than `reach`. */
static struct checkpoint *closer(struct travel *travel, u64 end, u64 reach)
{
	struct checkpoint *from = travel_before(travel, end - 1);

	if (from != NULL && end - from->place.tick > 2 * reach && travel_restore(travel, from) == TRAVEL_STOPPED &&
	    travel_advance(travel, end - reach) == TARGET_TICK)
		travel_near(travel);
	return travel_before(travel, end - 1);
}

enum travel_result travel_continue_back(struct travel *travel, struct travel_break *breaks, u32 count, u32 *hit)
{
	struct travel_place here = travel->place;
	u64 end = here.tick, reach = REACH;
	enum travel_result result;

	if (here.tick <= travel->first.tick)
		return TRAVEL_BEGIN;
	for (;;) {
		struct checkpoint *from = closer(travel, end, reach);
		u64 start = from == NULL ? 0 : from->place.tick;
		struct last_hit last;

		if (from == NULL)
			return TRAVEL_FAILED;
		reach *= 8;
		result = last_in(travel, from, end, &here, breaks, count, &last);
		if (result != TRAVEL_STOPPED) {
			/* interrupted: back to where it began */
			target_clear(&travel->now);
			if (result == TRAVEL_FAILED || travel_goto_tick(travel, here.tick) != TRAVEL_STOPPED)
				return TRAVEL_FAILED;
			return result;
		}
		if (last.what == TRAVEL_BREAK) {
			*hit = last.hit;
			result = travel_goto_tick(travel, last.tick);
			if (result == TRAVEL_STOPPED && same(&travel->place, &here)) {
				end = last.tick;	/* the same stop before an exit that changed nothing */
				continue;
			}
			return result == TRAVEL_STOPPED ? TRAVEL_BREAK : result;
		}
		if (last.what != TRAVEL_STOPPED) {
			/* the stop before the access; when the hypervisor made it, the stop before the exit */
			*hit = last.hit;
			result = travel_goto_tick(travel, last.tick);
			if (result == TRAVEL_STOPPED)
				result = travel_step_back(travel, VM_MAX);
			return result == TRAVEL_STOPPED ? last.what : result;
		}
		if (start <= travel->first.tick) {
			result = travel_goto_tick(travel, travel->first.tick);
			return result == TRAVEL_STOPPED ? TRAVEL_BEGIN : result;
		}
		end = start;
	}
}

/* ---- positions */

enum travel_result travel_goto_position(struct travel *travel, u32 vm, u64 position)
{
	struct checkpoint *best = NULL;
	enum travel_result result;

	/* The last checkpoint that is not behind it; places in the hypervisor do not say. */
	for (u32 i = 0; i < TRAVEL_CHECKPOINTS + TRAVEL_NEAR; i++) {
		struct checkpoint *this = travel->checkpoint[i];

		if (this != NULL && this->place.vm == vm && this->place.position <= position &&
		    (best == NULL || this->place.tick > best->place.tick))
			best = this;
	}
	if (best == NULL)
		best = travel_before(travel, travel->first.tick);
	if (travel->place.vm != vm || travel->place.position > position || travel->now.tick < best->place.tick ||
	    travel->ended) {
		result = travel_goto_tick(travel, best->place.tick);
		if (result != TRAVEL_STOPPED)
			return result;
	}
	for (;;) {
		u32 stop;

		while (travel->place.vm != vm) {
			result = travel_step(travel, vm);
			if (result != TRAVEL_STOPPED)
				return result;
		}
		if (travel->place.position >= position)
			return TRAVEL_STOPPED;
		/* One position costs one tick at least. */
		stop = travel_advance(travel, travel->now.tick + (position - travel->place.position));
		result = result_of(travel, stop);
		if (result == TRAVEL_END)
			return at_end(travel);
		if (result != TRAVEL_STOPPED || travel_look(travel) == TRAVEL_FAILED)
			return result == TRAVEL_STOPPED ? TRAVEL_FAILED : result;
	}
}

enum travel_result travel_goto_end(struct travel *travel)
{
	while (travel->end_tick == 0) {
		u32 stop = travel_advance(travel, travel->now.tick + travel->interval);
		enum travel_result result = result_of(travel, stop);

		if (result == TRAVEL_FAILED || result == TRAVEL_INTERRUPTED) {
			if (result == TRAVEL_INTERRUPTED) {
				travel_look(travel);
				if (travel->place.vm == VM_MAX)
					travel_enter(travel, travel->end_tick);
			}
			return result;
		}
	}
	return at_end(travel);
}
