/* SPDX-License-Identifier: BSD-2-Clause */
/* The session's encoding and the rules it must keep. */
#include "session.h"
#include "crc32c.h"

#define CRC_AT (SESSION_BYTES - 4u)

/* Puts (out not null) or gets a number at *at. */
static u64 number(u8 *out, const u8 *in, u32 *at, u32 width, u64 value)
{
	u64 got = 0;

	for (u32 i = 0; i < width; i++) {
		if (out != NULL)
			out[*at + i] = (u8)(value >> (8 * i));
		else
			got |= (u64)in[*at + i] << (8 * i);
	}
	*at += width;
	return out != NULL ? value : got;
}

/* One list of the fields for both directions. */
static void fields(u8 *out, const u8 *in, struct session *s)
{
	u32 at = 12;

	s->vm_count = (u32)number(out, in, &at, 4, s->vm_count);
	s->flags = (u32)number(out, in, &at, 4, s->flags);
	s->recording = number(out, in, &at, 8, s->recording);
	s->sectors = number(out, in, &at, 8, s->sectors);
	s->digest_ticks = number(out, in, &at, 8, s->digest_ticks);
	s->table_hpa = number(out, in, &at, 8, s->table_hpa);
	s->table_bytes = number(out, in, &at, 8, s->table_bytes);
	s->until = number(out, in, &at, 8, s->until);
	s->checkpoint_ticks = number(out, in, &at, 8, s->checkpoint_ticks);
	s->output_sectors = number(out, in, &at, 8, s->output_sectors);
	s->states_sector = number(out, in, &at, 8, s->states_sector);
	s->states_sectors = number(out, in, &at, 8, s->states_sectors);
	for (u32 i = 0; i < VM_MAX; i++)
		s->restore_sector[i] = number(out, in, &at, 8, s->restore_sector[i]);
	for (u32 i = 0; i < VM_MAX; i++)
		s->index[i] = (u32)number(out, in, &at, 4, s->index[i]);
	s->seed = number(out, in, &at, 8, s->seed);
	for (u32 i = 0; i < VM_MAX; i++)
		s->script_bytes[i] = (u32)number(out, in, &at, 4, s->script_bytes[i]);
}

void session_encode(const struct session *session, u8 out[SESSION_BYTES])
{
	struct session copy = *session;
	u32 at = 0;

	for (u32 i = 0; i < SESSION_BYTES; i++)
		out[i] = 0;
	(void)number(out, NULL, &at, 8, SESSION_MAGIC);
	(void)number(out, NULL, &at, 4, SESSION_VERSION);
	fields(out, NULL, &copy);
	at = CRC_AT;
	(void)number(out, NULL, &at, 4, crc32c(out, CRC_AT));
}

const char *session_decode(const u8 in[SESSION_BYTES], struct session *session)
{
	u32 at = 0, end = CRC_AT;

	if (number(NULL, in, &at, 8, 0) != SESSION_MAGIC)
		return "the journal disk does not begin with a session";
	if (number(NULL, in, &at, 4, 0) != SESSION_VERSION)
		return "the session is of another version";
	if (number(NULL, in, &end, 4, 0) != crc32c(in, CRC_AT))
		return "the session's checksum does not match";
	fields(NULL, in, session);
	if (session->vm_count < 1 || session->vm_count > VM_MAX || (session->flags & ~SESSION_FLAGS_ALL) != 0)
		return "the session's VMs or flags are out of range";
	if (session->sectors < 2 || session->sectors > 1u << 24)
		return "the session's journal has an impossible size";
	if (session->states_sectors > SESSION_STATES_MAX || session->states_sector > 1ull << 32)
		return "the session's states have an impossible size";
	if (session->digest_ticks < 1 || session->digest_ticks > SESSION_DIGEST_MAX)
		return "the session's digests are too far apart";
	if ((session->flags & SESSION_CHECKPOINTS) != 0 && session->checkpoint_ticks < session->digest_ticks)
		return "the session's checkpoints are too close";
	for (u32 i = 0; i < VM_MAX; i++)
		if (session->index[i] >= VM_MAX || session->script_bytes[i] > session->sectors * 512)
			return "the session's VM is out of range";
	return NULL;
}
