/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps, breakpoints and positions, forwards and backwards. */
#include "session_internal.h"

#include <string.h>

#define WINDOW 512ull	/* ticks before a place in which the stop before it is looked for first */

static enum session_result result_of(const struct session *session, u32 stop)
{
	if (session->ended)
		return SESSION_END;
	if ((stop & TARGET_DEAD) != 0)
		return SESSION_FAILED;
	return (stop & TARGET_WOKEN) != 0 ? SESSION_INTERRUPTED : SESSION_STOPPED;
}

enum session_result session_enter(struct session *session, u64 until)
{
	for (;;) {
		enum session_result result;
		u32 stop;

		target_break(&session->now, session->resume);
		target_break(&session->now, session->launch);
		stop = target_run(&session->now, until);
		target_clear(&session->now);
		result = result_of(session, stop);
		if (result != SESSION_STOPPED)
			return result;
		if (until != 0 && session->now.tick >= until)
			return session_look(session);
		if (!session->now.fetchable || (session->now.address != session->resume &&
						session->now.address != session->launch))
			continue;	/* a guest's code at the same linear address */
		result = result_of(session, target_step(&session->now, 1));
		if (result != SESSION_STOPPED)
			return result;
		result = session_look(session);
		if (result != SESSION_STOPPED || session->place.vm != VM_MAX)
			return result;
		if (session->first.tick == 0)
			return SESSION_STOPPED;	/* the calibration's probe */
	}
}

static bool same(const struct session_place *a, const struct session_place *b)
{
	return a->vm == b->vm && a->position == b->position && a->rip == b->rip;
}

/* The guests have ended: stands at the last stop. */
static enum session_result at_end(struct session *session)
{
	if (session->end_tick == 0 || session->live)
		return session->live ? SESSION_END : SESSION_FAILED;
	if (session->last.tick == 0) {
		session->place = (struct session_place){ .vm = VM_MAX, .tick = session->end_tick };
		if (session_step_back(session, VM_MAX) != SESSION_STOPPED)
			return SESSION_FAILED;
		session->last = session->place;
		return SESSION_END;
	}
	return session_goto_tick(session, session->last.tick) == SESSION_STOPPED ? SESSION_END : SESSION_FAILED;
}

enum session_result session_step(struct session *session, u32 vm)
{
	struct session_place from = session->place;

	for (;;) {
		enum session_result result = session->place.vm == VM_MAX ?
						     session_enter(session, session->end_tick) :
						     result_of(session, target_step(&session->now, 1));

		if (result == SESSION_STOPPED)
			result = session_look(session);
		if (result == SESSION_STOPPED && session->end_tick != 0 && session->place.vm == VM_MAX &&
		    session->now.tick >= session->end_tick)
			result = SESSION_END;
		if (result == SESSION_END)
			return at_end(session);
		if (result == SESSION_INTERRUPTED && session->place.vm == VM_MAX) {
			/* to the next stop all the same */
			result = session_enter(session, session->end_tick);
			return result == SESSION_STOPPED ? SESSION_INTERRUPTED : result;
		}
		if (result != SESSION_STOPPED)
			return result;
		if (session->place.vm != VM_MAX && (vm == VM_MAX || session->place.vm == vm) &&
		    !same(&session->place, &from))
			return SESSION_STOPPED;
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
static enum session_result stretches(struct session *session, u32 vm, u64 from, u64 to, struct stretch last[2], u32 *count)
{
	enum session_result result = session_goto_tick(session, from);

	*count = 0;
	while (result == SESSION_STOPPED) {
		struct stretch this;
		u32 stop;

		if (session->place.vm == VM_MAX)
			result = session_enter(session, to);
		if (result == SESSION_END)
			return SESSION_STOPPED;
		if (result != SESSION_STOPPED || session->place.tick >= to)
			return result;
		this = (struct stretch){ session->place.vm, session->place.tick, to - 1 };
		target_exits(&session->now, true);
		stop = target_run(&session->now, to);
		target_exits(&session->now, false);
		result = result_of(session, stop);
		if (result == SESSION_END)
			result = SESSION_STOPPED;
		if ((stop & TARGET_EXIT) != 0)
			this.last = session->now.tick - 1;	/* the exit itself takes one */
		if (this.last >= to)
			this.last = to - 1;
		if (vm == VM_MAX || this.vm == vm) {
			last[0] = last[1];
			last[1] = this;
			*count = *count < 2 ? *count + 1 : 2;
		}
		if ((stop & TARGET_EXIT) == 0 || session->ended)
			return result;
		session_look(session);
	}
	return result;
}

enum session_result session_step_back(struct session *session, u32 vm)
{
	struct session_place here = session->place;
	enum session_result result;

	if (here.tick <= session->first.tick)
		return SESSION_BEGIN;
	if (here.vm != VM_MAX) {
		result = session_goto_tick(session, here.tick - 1);
		if (result != SESSION_STOPPED)
			return result;
		if (session->place.tick == here.tick - 1 && session->place.vm != VM_MAX &&
		    (vm == VM_MAX || session->place.vm == vm) && !same(&session->place, &here))
			return SESSION_STOPPED;
	}
	for (u64 window = WINDOW;; window *= 8) {
		u64 from = here.tick - session->first.tick > window ? here.tick - window : session->first.tick;
		struct stretch last[2];
		u32 count;

		result = stretches(session, vm, from, here.tick, last, &count);
		for (u32 i = 2; result == SESSION_STOPPED && count > 0; count--) {
			struct stretch *this = &last[--i];

			result = session_goto_tick(session, this->last);
			if (result == SESSION_STOPPED && same(&session->place, &here) && this->last > this->first)
				result = session_goto_tick(session, this->last - 1);
			if (result != SESSION_STOPPED)
				return result;
			if (session->place.vm != VM_MAX && !same(&session->place, &here))
				return SESSION_STOPPED;
		}
		if (result != SESSION_STOPPED)
			return result;
		if (from == session->first.tick) {
			result = session_goto_tick(session, from);
			return result == SESSION_STOPPED ? SESSION_BEGIN : result;
		}
	}
}

/* ---- breakpoints */

static void arm(struct session *session, const struct session_break *breaks, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		const struct session_break *this = &breaks[i];

		if (!this->used)
			continue;
		if (this->kind == SESSION_EXECUTE)
			target_break(&session->now, this->linear);
		if (this->kind == SESSION_ON_WRITE || this->kind == SESSION_ON_ACCESS)
			target_watch(&session->now, this->address, this->bytes, true);
		if (this->kind == SESSION_ON_READ || this->kind == SESSION_ON_ACCESS)
			target_watch(&session->now, this->address, this->bytes, false);
	}
}

/* Which breakpoint is at the place where the machine stands? count: none. */
static u32 break_here(struct session *session, const struct session_break *breaks, u32 count)
{
	const struct target_registers *registers = NULL;

	if (session->place.vm == VM_MAX)
		return count;
	for (u32 i = 0; i < count; i++) {
		u64 linear = session->place.rip;

		if (!breaks[i].used || breaks[i].kind != SESSION_EXECUTE ||
		    (breaks[i].vm != VM_MAX && breaks[i].vm != session->place.vm))
			continue;
		if (breaks[i].linear != linear || breaks[i].has_cr3) {
			if (registers == NULL && (registers = session_registers(session)) == NULL)
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
static u32 watch_hit(const struct session *session, const struct session_break *breaks, u32 count, bool write)
{
	for (u32 i = 0; i < count; i++)
		if (breaks[i].used && (breaks[i].kind == SESSION_ON_ACCESS ||
				       breaks[i].kind == (write ? SESSION_ON_WRITE : SESSION_ON_READ)) &&
		    session->now.watched < breaks[i].address + breaks[i].bytes && session->now.watched + 8 > breaks[i].address)
			return i;
	for (u32 i = 0; i < count; i++)
		if (breaks[i].used && breaks[i].kind != SESSION_EXECUTE)
			return i;
	return count;
}

enum session_result session_continue(struct session *session, struct session_break *breaks, u32 count, u32 *hit)
{
	struct session_place from = session->place;
	enum session_result result;

	arm(session, breaks, count);
	for (;;) {
		u64 next = session_next_checkpoint(session);
		u32 stop = target_run(&session->now, next);

		result = result_of(session, stop);
		if (result == SESSION_END) {
			target_clear(&session->now);
			return at_end(session);
		}
		if (result == SESSION_FAILED || session_look(session) == SESSION_FAILED)
			return SESSION_FAILED;
		if ((stop & (TARGET_READ | TARGET_WRITE)) != 0) {
			bool write = (stop & TARGET_WRITE) != 0;

			*hit = watch_hit(session, breaks, count, write);
			target_clear(&session->now);
			if (session->place.vm == VM_MAX) {
				result = session_enter(session, session->end_tick);
				if (result == SESSION_END)
					return at_end(session);
				if (result != SESSION_STOPPED)
					return result;
			}
			return write ? SESSION_WRITE : SESSION_READ;
		}
		if ((stop & (TARGET_BREAK | TARGET_TICK)) != 0 && session->place.vm != VM_MAX &&
		    !same(&session->place, &from)) {
			*hit = break_here(session, breaks, count);
			if (*hit < count) {
				target_clear(&session->now);
				return SESSION_BREAK;
			}
		}
		if (result == SESSION_INTERRUPTED) {
			target_clear(&session->now);
			if (session->place.vm == VM_MAX && session_enter(session, session->end_tick) != SESSION_STOPPED)
				return session->ended ? at_end(session) : SESSION_FAILED;
			return SESSION_INTERRUPTED;
		}
		if (session->now.tick == next) {
			target_clear(&session->now);
			if (session_before(session, next)->place.tick != next && !session_checkpoint(session))
				return SESSION_FAILED;
			arm(session, breaks, count);
		}
	}
}

/* The last hit in [from's time, end]; SESSION_STOPPED if there is none. */
struct last_hit {
	enum session_result what;
	u64 tick;
	u32 hit;
	u32 vm;
};

static enum session_result last_in(struct session *session, struct checkpoint *from, u64 end,
				   const struct session_place *here, struct session_break *breaks, u32 count,
				   struct last_hit *last)
{
	enum session_result result = session_restore(session, from);
	u32 hit;

	last->what = SESSION_STOPPED;
	if (result != SESSION_STOPPED || session_look(session) != SESSION_STOPPED)
		return SESSION_FAILED;
	hit = break_here(session, breaks, count);
	if (hit < count && !same(&session->place, here))
		*last = (struct last_hit){ SESSION_BREAK, session->place.tick, hit, session->place.vm };
	arm(session, breaks, count);
	while (session->now.tick < end) {
		u32 stop = target_run(&session->now, end);

		result = result_of(session, stop);
		if (result == SESSION_END)
			break;
		if (result != SESSION_STOPPED)
			return result;
		if ((stop & (TARGET_READ | TARGET_WRITE)) != 0) {
			bool write = (stop & TARGET_WRITE) != 0;

			*last = (struct last_hit){ write ? SESSION_WRITE : SESSION_READ, session->now.tick,
						   watch_hit(session, breaks, count, write), VM_MAX };
			continue;
		}
		if ((stop & TARGET_BREAK) == 0 || session->now.tick >= here->tick)
			continue;
		if (session_look(session) != SESSION_STOPPED)
			return SESSION_FAILED;
		hit = break_here(session, breaks, count);
		if (hit < count && !same(&session->place, here))
			*last = (struct last_hit){ SESSION_BREAK, session->now.tick, hit, session->place.vm };
	}
	target_clear(&session->now);
	return SESSION_STOPPED;
}

enum session_result session_continue_back(struct session *session, struct session_break *breaks, u32 count, u32 *hit)
{
	struct session_place here = session->place;
	u64 end = here.tick;
	enum session_result result;

	if (here.tick <= session->first.tick)
		return SESSION_BEGIN;
	for (;;) {
		struct checkpoint *from = session_before(session, end - 1);
		u64 start = from == NULL ? 0 : from->place.tick;
		struct last_hit last;

		if (from == NULL)
			return SESSION_FAILED;
		result = last_in(session, from, end, &here, breaks, count, &last);
		if (result != SESSION_STOPPED) {
			/* interrupted: back to where it began */
			target_clear(&session->now);
			if (result == SESSION_FAILED || session_goto_tick(session, here.tick) != SESSION_STOPPED)
				return SESSION_FAILED;
			return result;
		}
		if (last.what == SESSION_BREAK) {
			*hit = last.hit;
			result = session_goto_tick(session, last.tick);
			return result == SESSION_STOPPED ? SESSION_BREAK : result;
		}
		if (last.what != SESSION_STOPPED) {
			/* the stop before the access; when the hypervisor made it, the stop before the exit */
			*hit = last.hit;
			result = session_goto_tick(session, last.tick);
			if (result == SESSION_STOPPED)
				result = session_step_back(session, VM_MAX);
			return result == SESSION_STOPPED ? last.what : result;
		}
		if (start <= session->first.tick) {
			result = session_goto_tick(session, session->first.tick);
			return result == SESSION_STOPPED ? SESSION_BEGIN : result;
		}
		end = start;
	}
}

/* ---- positions */

enum session_result session_goto_position(struct session *session, u32 vm, u64 position)
{
	struct checkpoint *best = NULL;
	enum session_result result;

	/* The last checkpoint that is not behind it; places in the hypervisor do not say. */
	for (u32 i = 0; i < SESSION_CHECKPOINTS + SESSION_NEAR; i++) {
		struct checkpoint *this = session->checkpoint[i];

		if (this != NULL && this->place.vm == vm && this->place.position <= position &&
		    (best == NULL || this->place.tick > best->place.tick))
			best = this;
	}
	if (best == NULL)
		best = session_before(session, session->first.tick);
	if (session->place.vm != vm || session->place.position > position || session->now.tick < best->place.tick ||
	    session->ended) {
		result = session_goto_tick(session, best->place.tick);
		if (result != SESSION_STOPPED)
			return result;
	}
	for (;;) {
		u32 stop;

		while (session->place.vm != vm) {
			result = session_step(session, vm);
			if (result != SESSION_STOPPED)
				return result;
		}
		if (session->place.position >= position)
			return SESSION_STOPPED;
		/* One position costs one tick at least. */
		stop = session_advance(session, session->now.tick + (position - session->place.position));
		result = result_of(session, stop);
		if (result == SESSION_END)
			return at_end(session);
		if (result != SESSION_STOPPED || session_look(session) == SESSION_FAILED)
			return result == SESSION_STOPPED ? SESSION_FAILED : result;
	}
}

enum session_result session_goto_end(struct session *session)
{
	while (session->end_tick == 0) {
		u32 stop = session_advance(session, session->now.tick + session->interval);
		enum session_result result = result_of(session, stop);

		if (result == SESSION_FAILED || result == SESSION_INTERRUPTED) {
			if (result == SESSION_INTERRUPTED) {
				session_look(session);
				if (session->place.vm == VM_MAX)
					session_enter(session, session->end_tick);
			}
			return result;
		}
	}
	return at_end(session);
}
