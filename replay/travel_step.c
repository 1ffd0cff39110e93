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
	for (;;) {
		enum travel_result result;
		u32 stop;

		target_break(&travel->now, travel->resume);
		target_break(&travel->now, travel->launch);
		stop = target_run(&travel->now, until);
		target_clear(&travel->now);
		result = result_of(travel, stop);
		if (result != TRAVEL_STOPPED)
			return result;
		if (until != 0 && travel->now.tick >= until)
			return travel_look(travel);
		if (!travel->now.fetchable || (travel->now.address != travel->resume &&
						travel->now.address != travel->launch))
			continue;	/* a guest's code at the same linear address */
		result = result_of(travel, target_step(&travel->now, 1));
		if (result != TRAVEL_STOPPED)
			return result;
		result = travel_look(travel);
		if (result != TRAVEL_STOPPED || travel->place.vm != VM_MAX)
			return result;
		if (travel->first.tick == 0)
			return TRAVEL_STOPPED;	/* the calibration's probe */
	}
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

/* A stretch in which one guest ran, and its last stop. */
struct stretch {
	u32 vm;
	u64 first, last;
};

/*
 * Goes through [from, to) and remembers the last two stretches of `vm` that begin before `to`; *count is how many there
 * are. The machine stands anywhere afterwards.
 */
static enum travel_result stretches(struct travel *travel, u32 vm, u64 from, u64 to, struct stretch last[2], u32 *count)
{
	enum travel_result result = travel_goto_tick(travel, from);

	*count = 0;
	while (result == TRAVEL_STOPPED) {
		struct stretch this;
		u32 stop;

		if (travel->place.vm == VM_MAX)
			result = travel_enter(travel, to);
		if (result == TRAVEL_END)
			return TRAVEL_STOPPED;
		if (result != TRAVEL_STOPPED || travel->place.tick >= to)
			return result;
		this = (struct stretch){ travel->place.vm, travel->place.tick, to - 1 };
		target_exits(&travel->now, true);
		stop = target_run(&travel->now, to);
		target_exits(&travel->now, false);
		result = result_of(travel, stop);
		if (result == TRAVEL_END)
			result = TRAVEL_STOPPED;
		if ((stop & TARGET_EXIT) != 0)
			this.last = travel->now.tick - 1;	/* the exit itself takes one */
		if (this.last >= to)
			this.last = to - 1;
		if (vm == VM_MAX || this.vm == vm) {
			last[0] = last[1];
			last[1] = this;
			*count = *count < 2 ? *count + 1 : 2;
		}
		if ((stop & TARGET_EXIT) == 0 || travel->ended)
			return result;
		travel_look(travel);
	}
	return result;
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
	for (u64 window = WINDOW;; window *= 8) {
		u64 from = here.tick - travel->first.tick > window ? here.tick - window : travel->first.tick;
		struct stretch last[2];
		u32 count;

		result = stretches(travel, vm, from, here.tick, last, &count);
		for (u32 i = 2; result == TRAVEL_STOPPED && count > 0; count--) {
			struct stretch *this = &last[--i];

			result = travel_goto_tick(travel, this->last);
			if (result == TRAVEL_STOPPED && same(&travel->place, &here) && this->last > this->first)
				result = travel_goto_tick(travel, this->last - 1);
			if (result != TRAVEL_STOPPED)
				return result;
			if (travel->place.vm != VM_MAX && !same(&travel->place, &here))
				return TRAVEL_STOPPED;
		}
		if (result != TRAVEL_STOPPED)
			return result;
		if (from == travel->first.tick) {
			result = travel_goto_tick(travel, from);
			return result == TRAVEL_STOPPED ? TRAVEL_BEGIN : result;
		}
	}
}

/* ---- breakpoints */

static void arm(struct travel *travel, const struct travel_break *breaks, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		const struct travel_break *this = &breaks[i];

		if (!this->used)
			continue;
		if (this->kind == TRAVEL_EXECUTE)
			target_break(&travel->now, this->linear);
		if (this->kind == TRAVEL_ON_WRITE || this->kind == TRAVEL_ON_ACCESS)
			target_watch(&travel->now, this->address, this->bytes, true);
		if (this->kind == TRAVEL_ON_READ || this->kind == TRAVEL_ON_ACCESS)
			target_watch(&travel->now, this->address, this->bytes, false);
	}
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

/* Which watchpoint was hit? */
static u32 watch_hit(const struct travel *travel, const struct travel_break *breaks, u32 count, bool write)
{
	for (u32 i = 0; i < count; i++)
		if (breaks[i].used && (breaks[i].kind == TRAVEL_ON_ACCESS ||
				       breaks[i].kind == (write ? TRAVEL_ON_WRITE : TRAVEL_ON_READ)) &&
		    travel->now.watched < breaks[i].address + breaks[i].bytes && travel->now.watched + 8 > breaks[i].address)
			return i;
	for (u32 i = 0; i < count; i++)
		if (breaks[i].used && breaks[i].kind != TRAVEL_EXECUTE)
			return i;
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

			*hit = watch_hit(travel, breaks, count, write);
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
	u32 vm;
};

static enum travel_result last_in(struct travel *travel, struct checkpoint *from, u64 end,
				   const struct travel_place *here, struct travel_break *breaks, u32 count,
				   struct last_hit *last)
{
	enum travel_result result = travel_restore(travel, from);
	u32 hit;

	last->what = TRAVEL_STOPPED;
	if (result != TRAVEL_STOPPED || travel_look(travel) != TRAVEL_STOPPED)
		return TRAVEL_FAILED;
	hit = break_here(travel, breaks, count);
	if (hit < count && !same(&travel->place, here))
		*last = (struct last_hit){ TRAVEL_BREAK, travel->place.tick, hit, travel->place.vm };
	arm(travel, breaks, count);
	while (travel->now.tick < end) {
		u32 stop = target_run(&travel->now, end);

		result = result_of(travel, stop);
		if (result == TRAVEL_END)
			break;
		if (result != TRAVEL_STOPPED)
			return result;
		if ((stop & (TARGET_READ | TARGET_WRITE)) != 0) {
			bool write = (stop & TARGET_WRITE) != 0;

			*last = (struct last_hit){ write ? TRAVEL_WRITE : TRAVEL_READ, travel->now.tick,
						   watch_hit(travel, breaks, count, write), VM_MAX };
		}
		if ((stop & (TARGET_BREAK | TARGET_READ | TARGET_WRITE)) == 0 || travel->now.tick >= here->tick)
			continue;
		travel->place.vm = travel_vm(travel);
		travel->place.rip = target_rip(&travel->now);
		hit = break_here(travel, breaks, count);
		if (hit < count)
			*last = (struct last_hit){ TRAVEL_BREAK, travel->now.tick, hit, travel->place.vm };
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
