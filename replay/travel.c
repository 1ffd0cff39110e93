/* SPDX-License-Identifier: BSD-2-Clause */
/* A deterministic run that can be gone through: starting it, its checkpoints, and going to a time. */
#include "travel.h"
#include "travel_internal.h"

#include "file.h"
#include "medium.h"
#include "say.h"

#include "boot/header.h"
#include "hv/vcpu.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEAR_DISTANCE 100000ull		/* how far before a visited place its own checkpoint is */
#define SPILL_WORTH (1ull << 20)	/* less of its own is left in memory */
#define NEAR_WORTH 400000ull		/* closer to another checkpoint than this, none is made */

static void console_add(struct travel *travel, u32 vm, const char *text, u32 bytes)
{
	struct travel_console *console = &travel->console[vm];

	if (console->bytes + bytes + 1 > console->room) {
		console->room = 2 * (console->bytes + bytes + 4096);
		console->text = realloc(console->text, console->room);
		if (console->text == NULL)
			exit(say_fail(STATUS_FAILED, "out of memory"));
	}
	memcpy(console->text + console->bytes, text, bytes);
	console->bytes += bytes;
	console->text[console->bytes] = '\0';
}

/* What the hypervisor sent. True once all VMs have ended. */
static bool com1(void *context)
{
	struct travel *travel = context;
	struct pollfd ready = { travel->link.fd, POLLIN, 0 };
	struct link_event event;
	bool ended = false;

	while (ready.fd >= 0 && poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0 && link_receive(&travel->link)) {
		for (link_next(&travel->link, &event); event.type != LINK_EVENT_NONE && event.type != LINK_EVENT_BROKEN;
		     link_next(&travel->link, &event)) {
			if (event.type == LINK_EVENT_TEXT) {
				console_add(travel, event.vm, event.text, event.bytes);
				if (travel->echo)
					fwrite(event.text, 1, event.bytes, stdout);
			} else if (event.type == LINK_EVENT_MESSAGE && travel->end_tick == 0) {
				say("%s", event.text);
			} else if (event.type == LINK_EVENT_REPORT) {
				if (event.report.type == LINK_DIFFERS && !travel->diverged) {
					travel->diverged = true;
					travel->diverged_position = event.report.position;
					say("the replay differs from the recording at position %llu; what follows is not what was "
					    "recorded",
					    (unsigned long long)event.report.position);
				}
				if (event.report.type == LINK_END)
					travel->end = event.report;
				ended = ended || event.report.type == LINK_ALL_ENDED || event.report.type == LINK_FATAL ||
					event.report.type == LINK_MISSING || event.report.type == LINK_PLAN_REFUSED;
			}
		}
		if (event.type == LINK_EVENT_BROKEN)
			return true;
	}
	if (ended) {
		travel->ended = true;
		if (travel->end.ticks != 0)
			travel->end_tick = travel->end.ticks;
	}
	return ended;
}

static void take(struct travel *travel)
{
	travel->host.com1 = com1;
	travel->host.context = travel;
}

bool travel_address(const struct travel *travel, u32 vm, u64 gpa, u64 bytes, u64 *address)
{
	const struct plan_vm *plan = &travel->layout.plan.vm[vm];

	*address = plan->ram_hpa + gpa;
	return vm < travel->layout.plan.vm_count && bytes <= plan->ram_bytes && gpa <= plan->ram_bytes - bytes;
}

bool travel_vcpu(struct travel *travel, u32 vm, struct vcpu *vcpu)
{
	return target_read(&travel->now, travel->vcpus + vm * sizeof(*vcpu), vcpu, sizeof(*vcpu));
}

/* The VM whose instruction is next; VM_MAX: the hypervisor's. */
static u32 next_vm(struct travel *travel)
{
	const struct plan *plan = &travel->layout.plan;
	struct target *now = &travel->now;
	u32 vpid;

	for (u32 vm = 0; now->fetchable && vm < plan->vm_count; vm++)
		if (now->address - plan->vm[vm].ram_hpa < plan->vm[vm].ram_bytes)
			return vm;
	vpid = now->fetchable ? 0 : target_vpid(now);
	return vpid == 0 || vpid > plan->vm_count ? VM_MAX : vpid - 1;
}

enum travel_result travel_look(struct travel *travel)
{
	struct target *now = &travel->now;
	struct travel_place *place = &travel->place;
	struct vcpu vcpu;

	place->tick = now->tick;
	if (now->fd < 0)
		return TRAVEL_FAILED;
	place->vm = next_vm(travel);
	if (place->vm == VM_MAX)
		return TRAVEL_STOPPED;
	if (!travel_vcpu(travel, place->vm, &vcpu))
		return TRAVEL_FAILED;
	place->position = vcpu.position + (now->tick - vcpu.tsc_entry - travel->entry_ticks);
	place->vtime = place->position + vcpu.idle;
	place->exits = vcpu.exits;
	place->rip = target_rip(now);
	return TRAVEL_STOPPED;
}

void travel_wake(struct travel *travel, int fd, bool (*wake)(void *context), void (*alive)(void *context), void *context)
{
	travel->host.wake = fd;
	travel->wake = wake;
	travel->alive = alive;
	travel->wake_context = context;
}

static bool wake_now(void *context)
{
	struct travel *travel = context;

	return travel->wake != NULL && travel->wake(travel->wake_context);
}

static void alive(void *context)
{
	struct travel *travel = context;

	if (travel->alive != NULL)
		travel->alive(travel->wake_context);
}

/* ---- checkpoints */

void travel_drop(struct travel *travel, u32 i)
{
	struct checkpoint *old = travel->checkpoint[i];

	if (old == NULL)
		return;
	target_close(&old->target);
	free(old);
	travel->checkpoint[i] = NULL;
}

static struct checkpoint *make(struct travel *travel)
{
	struct checkpoint *new = say_alloc(sizeof(*new));

	if (!target_fork(&travel->now, &new->target)) {
		free(new);
		return NULL;
	}
	new->link = travel->link;
	new->place = travel->place;
	new->visited = ++travel->visits;
	for (u32 vm = 0; vm < VM_MAX; vm++)
		new->console_bytes[vm] = travel->console[vm].bytes;
	return new;
}

/* Every other one goes, and the distance doubles. */
static void thin(struct travel *travel)
{
	u32 kept = 1;

	travel->interval *= 2;
	for (u32 i = 1; i < travel->checkpoints; i++) {
		struct checkpoint *this = travel->checkpoint[i];

		if (this->place.tick - travel->checkpoint[kept - 1]->place.tick < travel->interval)
			travel_drop(travel, i);
		else
			travel->checkpoint[kept++] = this;
	}
	for (u32 i = kept; i < travel->checkpoints; i++)
		travel->checkpoint[i] = NULL;
	travel->checkpoints = kept;
}

/* The checkpoints that hold most go to disk until what is in memory is at most `memory_max`. */
static void make_room(struct travel *travel)
{
	u64 own[TRAVEL_CHECKPOINTS + TRAVEL_NEAR], sum = 0;

	for (u32 i = 0; i < TRAVEL_CHECKPOINTS + TRAVEL_NEAR; i++) {
		own[i] = travel->checkpoint[i] == NULL ? 0 : target_private_bytes(&travel->checkpoint[i]->target);
		sum += own[i];
	}
	while (travel->memory_max != 0 && sum > travel->memory_max) {
		u32 most = 0;
		char *path;

		for (u32 i = 1; i < TRAVEL_CHECKPOINTS + TRAVEL_NEAR; i++)
			if (own[i] > own[most])
				most = i;
		if (own[most] < SPILL_WORTH)
			return;
		path = temp_path(&travel->temp, "checkpoint");
		travel->spilled += target_spill(&travel->checkpoint[most]->target, path);
		free(path);
		sum -= own[most];
		own[most] = 0;
	}
}

bool travel_checkpoint(struct travel *travel)
{
	struct checkpoint *new;
	u32 i;

	if (travel->checkpoints == TRAVEL_CHECKPOINTS)
		thin(travel);
	if (travel->checkpoints % 4 == 3)
		make_room(travel);
	if (travel_look(travel) == TRAVEL_FAILED)
		return false;
	new = make(travel);
	if (new == NULL)
		return false;
	for (i = travel->checkpoints; i > 0 && travel->checkpoint[i - 1]->place.tick > new->place.tick; i--)
		travel->checkpoint[i] = travel->checkpoint[i - 1];
	travel->checkpoint[i] = new;
	travel->checkpoints++;
	return true;
}

void travel_near(struct travel *travel)
{
	u32 oldest = TRAVEL_CHECKPOINTS;

	for (u32 i = TRAVEL_CHECKPOINTS; i < TRAVEL_CHECKPOINTS + TRAVEL_NEAR; i++)
		if (travel->checkpoint[i] == NULL ||
		    (travel->checkpoint[oldest] != NULL &&
		     travel->checkpoint[i]->visited < travel->checkpoint[oldest]->visited))
			oldest = i;
	if (travel_look(travel) == TRAVEL_FAILED)
		return;
	travel_drop(travel, oldest);
	travel->checkpoint[oldest] = make(travel);
}

struct checkpoint *travel_before(struct travel *travel, u64 tick)
{
	struct checkpoint *best = NULL;

	for (u32 i = 0; i < TRAVEL_CHECKPOINTS + TRAVEL_NEAR; i++) {
		struct checkpoint *this = travel->checkpoint[i];

		if (this != NULL && this->place.tick <= tick && (best == NULL || this->place.tick >= best->place.tick))
			best = this;
	}
	return best;
}

enum travel_result travel_restore(struct travel *travel, struct checkpoint *from)
{
	if (from == NULL)
		return TRAVEL_FAILED;
	target_close(&travel->now);
	if (!target_fork(&from->target, &travel->now))
		return TRAVEL_FAILED;
	travel->copies++;
	from->visited = ++travel->visits;
	travel->link = from->link;
	travel->link.fd = travel->now.com;
	for (u32 vm = 0; vm < VM_MAX; vm++)
		travel->console[vm].bytes = from->console_bytes[vm];
	travel->ended = false;
	return TRAVEL_STOPPED;
}

u64 travel_next_checkpoint(const struct travel *travel)
{
	u64 tick = travel->now.tick;
	u64 before = 0;

	for (u32 i = 0; i < travel->checkpoints; i++) {
		u64 at = travel->checkpoint[i]->place.tick;

		if (at > tick && at - before <= travel->interval + travel->interval / 2)
			return at;
		if (at <= tick)
			before = at;
	}
	return before + travel->interval > tick ? before + travel->interval : tick + travel->interval;
}

static bool is_checkpoint(const struct travel *travel, u64 tick)
{
	for (u32 i = 0; i < travel->checkpoints; i++)
		if (travel->checkpoint[i]->place.tick == tick)
			return true;
	return false;
}

u32 travel_advance(struct travel *travel, u64 tick)
{
	while (travel->now.tick < tick) {
		u64 next = travel_next_checkpoint(travel);
		u32 stop = target_run(&travel->now, next < tick ? next : tick);

		if ((stop & (TARGET_DEAD | TARGET_WOKEN)) != 0)
			return stop;
		if (travel->now.tick == next && !is_checkpoint(travel, next) && !travel_checkpoint(travel))
			return TARGET_DEAD;
	}
	return TARGET_TICK;
}

enum travel_result travel_goto_tick(struct travel *travel, u64 tick)
{
	struct checkpoint *best = travel_before(travel, tick);
	struct target *now = &travel->now;
	u32 stop = TARGET_TICK;

	if (tick < travel->first.tick)
		tick = travel->first.tick;
	if (now->fd < 0 || now->tick > tick || travel->ended || (best != NULL && best->place.tick > now->tick))
		if (travel_restore(travel, best) != TRAVEL_STOPPED)
			return TRAVEL_FAILED;
	if (tick - now->tick > NEAR_WORTH) {
		stop = travel_advance(travel, tick - NEAR_DISTANCE);
		if (stop == TARGET_TICK)
			travel_near(travel);
	}
	if (stop == TARGET_TICK)
		stop = travel_advance(travel, tick);
	if (travel->ended)
		return TRAVEL_END;
	if ((stop & TARGET_DEAD) != 0 || travel_look(travel) == TRAVEL_FAILED)
		return TRAVEL_FAILED;
	return (stop & TARGET_WOKEN) != 0 ? TRAVEL_INTERRUPTED : TRAVEL_STOPPED;
}

/* ---- start and end */

/* Finds what the travel must know of the hypervisor in its ELF file. */
static int learn(struct travel *travel)
{
	const char *hv = travel->hooks->hv;
	char *name = say_format("%.*s.elf", (int)strcspn(hv, "."), hv);
	char *path = file_of_build(name);
	int status = symbols_add(&travel->hv, path, 0);
	u64 entry = 0;

	if (status == 0 && (!symbols_address(travel->hv, "vcpus", &travel->vcpus) ||
			    !symbols_address(travel->hv, "vmcs_regions", &travel->vmcs) ||
			    !symbols_address(travel->hv, "entry_ticks", &entry)))
		status = say_fail(STATUS_FAILED, "%s: not the hypervisor's symbols", path);
	if (status == 0 && !symbols_address(travel->hv, "input_forked", &travel->forked_flag))
		travel->forked_flag = 0;
	travel->entry_ticks = entry;	/* its address; travel_open reads it */
	free(name);
	free(path);
	return status;
}

int travel_open(struct travel *travel)
{
	struct file_spec hv = { .path = file_of_build(travel->hooks->hv) };
	struct bytes code = { NULL, 0 };
	char *medium = NULL;
	u64 address;
	int status = learn(travel);

	travel->now.fd = travel->now.life = travel->now.com = -1;
	travel->first_target = travel->now;
	travel->link.fd = travel->link.listener = -1;
	travel->host = (struct target_host){ .context = travel, .com1 = com1, .wake = -1, .wake_now = wake_now, .alive = alive,
					     .edits = travel->edits, .edit_count = travel->host.edit_count };
	travel->interval = TRAVEL_INTERVAL;
	if (status == 0)
		status = file_read(&hv, LAYOUT_HV_END, &code);
	free(hv.path);
	if (status == 0)
		status = travel->hooks->layout != NULL ?
				 travel->hooks->layout(&travel->spec, code.count, &travel->layout) :
				 layout_make(&travel->spec, code.count, false, &travel->layout);
	if (status == 0)
		status = temp_open(&travel->temp);
	if (status == 0)
		status = link_listen(&travel->link);
	if (status == 0 && travel->hooks->prepare != NULL)
		status = travel->hooks->prepare(&travel->spec, &travel->layout, &travel->temp);
	if (status == 0) {
		medium = temp_path(&travel->temp, BOCHS_MEDIUM);
		status = medium_write(medium, &code, &travel->layout);
		free(medium);
	}
	free(code.data);
	if (status == 0)
		status = target_open(&travel->now, &travel->host, &travel->temp, &travel->spec,
				     travel->layout.host_bytes, &travel->link, &travel->bochs);
	if (status != 0)
		return status;
	take(travel);
	address = travel->entry_ticks;
	travel->entry_ticks = 0;
	do {
		if (travel_enter(travel, travel->end_tick) != TRAVEL_STOPPED)
			return say_fail(STATUS_FAILED, "no guest was started");
	} while (travel->place.vm == VM_MAX);
	if (!target_read(&travel->now, address, &travel->entry_ticks, 8))
		return bochs_complain(&travel->temp, "before the first guest ran");
	travel_look(travel);
	travel->first = travel->place;
	if (!travel_checkpoint(travel))
		return say_fail(STATUS_FAILED, "Bochs could not be copied (fork): is bochs-fork.so of another build?");
	/* The first process stays as it is: all others descend from it. */
	travel->first_target = travel->now;
	memset(&travel->now, 0, sizeof(travel->now));
	travel->now.fd = travel->now.life = travel->now.com = -1;
	return travel_goto_tick(travel, travel->first.tick) == TRAVEL_STOPPED ?
		       0 : say_fail(STATUS_FAILED, "Bochs could not be copied (fork)");
}

void travel_close(struct travel *travel)
{
	target_close(&travel->now);
	for (u32 i = 0; i < TRAVEL_CHECKPOINTS + TRAVEL_NEAR; i++)
		travel_drop(travel, i);
	target_close(&travel->first_target);
	bochs_stop(&travel->bochs);
	layout_close(&travel->layout);
	temp_close(&travel->temp, travel->spec.keep);
	symbols_free(travel->symbols);
	symbols_free(travel->hv);
	free(travel->edits);
	for (u32 vm = 0; vm < VM_MAX; vm++)
		free(travel->console[vm].text);
}
