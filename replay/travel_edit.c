/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes to a run that can be gone through: it is a fork from then on, and repeats with its changes. */
#include "travel_internal.h"

#include "say.h"

#include <stdlib.h>

void travel_edit_add(struct travel *travel, const struct target_edit *edit)
{
	u32 count = travel->host.edit_count;

	if (count == travel->edit_room) {
		travel->edit_room = 2 * count + 16;
		travel->edits = realloc(travel->edits, travel->edit_room * sizeof(*travel->edits));
		if (travel->edits == NULL)
			exit(say_fail(STATUS_FAILED, "out of memory"));
	}
	travel->edits[count] = *edit;
	travel->host.edits = travel->edits;
	travel->host.edit_count = count + 1;
}

bool travel_changeable(const struct travel *travel)
{
	return travel->live || (travel->forked && travel->now.tick >= travel->fork_tick);
}

bool travel_edit(struct travel *travel, struct target_edit *edit)
{
	u64 here = travel->now.tick;
	u32 kept = 0;

	edit->tick = here;
	if (!travel_changeable(travel) || !target_change(&travel->now, edit))
		return false;
	if (travel->live)
		return travel_look(travel) == TRAVEL_STOPPED;
	while (travel->host.edit_count > 0 && travel->edits[travel->host.edit_count - 1].tick > here)
		travel->host.edit_count--;
	travel_edit_add(travel, edit);
	for (u32 i = 0; i < TRAVEL_CHECKPOINTS + TRAVEL_NEAR; i++) {
		struct checkpoint *this = travel->checkpoint[i];

		if (this != NULL && this->place.tick >= here)
			travel_drop(travel, i);
		else if (this != NULL && i < travel->checkpoints)
			kept = i + 1;
	}
	travel->checkpoints = kept;
	travel->last = (struct travel_place){ 0 };
	travel->end_tick = 0;
	travel->end = (struct link_report){ 0 };
	return travel_checkpoint(travel);
}

bool travel_fork(struct travel *travel)
{
	struct target_edit edit = { .address = travel->forked_flag, .bytes = 1, .data = { 1 } };

	if (travel_changeable(travel))
		return true;
	travel->forked = true;
	travel->fork_tick = travel->now.tick;
	return travel->forked_flag == 0 || travel_edit(travel, &edit);
}
