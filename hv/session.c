/* SPDX-License-Identifier: BSD-2-Clause */
/* The session's encoding and the rules it must keep. */
#include "session.h"
#include "bytes.h"
#include "crc32c.h"

#define OFF_VERSION 8u
#define OFF_RESTORE 100u
#define OFF_INDEX 164u
#define OFF_SEED 196u
#define OFF_SCRIPTS 204u
#define OFF_CRC 508u

/*@ requires out:   \valid(out + (0 .. 31)) && \valid_read(word + (0 .. 7));
    requires apart: \separated(out + (0 .. 31), word + (0 .. 7));
    assigns  out[0 .. 31];
    exits    never: \false;
    ensures  coded: session_words(out, word);
*/
static void put_words(u8 *out, const u32 *word)
{
	/*@ loop invariant range: 0 <= i <= VM_MAX;
	    loop invariant coded: \forall integer k; 0 <= k < i ==> le32(out + 4 * k) == word[k];
	    loop assigns i, out[0 .. 31];
	    loop variant VM_MAX - i;
	*/
	for (u32 i = 0; i < VM_MAX; i++)
		bytes_put32(out + 4u * i, word[i]);
}

/*@ requires in:    \valid_read(in + (0 .. 31)) && \valid(word + (0 .. 7));
    requires apart: \separated(in + (0 .. 31), word + (0 .. 7));
    assigns  word[0 .. 7];
    exits    never: \false;
    ensures  coded: session_words(in, word);
*/
static void get_words(const u8 *in, u32 *word)
{
	/*@ loop invariant range: 0 <= i <= VM_MAX;
	    loop invariant coded: \forall integer k; 0 <= k < i ==> le32(in + 4 * k) == word[k];
	    loop assigns i, word[0 .. 7];
	    loop variant VM_MAX - i;
	*/
	for (u32 i = 0; i < VM_MAX; i++)
		word[i] = bytes_get32(in + 4u * i);
}

/*@ requires out:   \valid(out + (0 .. 63)) && \valid_read(value + (0 .. 7));
    requires apart: \separated(out + (0 .. 63), value + (0 .. 7));
    assigns  out[0 .. 63];
    exits    never: \false;
    ensures  coded: session_longs(out, value);
*/
static void put_longs(u8 *out, const u64 *value)
{
	/*@ loop invariant range: 0 <= i <= VM_MAX;
	    loop invariant coded: \forall integer k; 0 <= k < i ==> le64(out + 8 * k) == value[k];
	    loop assigns i, out[0 .. 63];
	    loop variant VM_MAX - i;
	*/
	for (u32 i = 0; i < VM_MAX; i++)
		bytes_put64(out + 8u * i, value[i]);
}

/*@ requires in:    \valid_read(in + (0 .. 63)) && \valid(value + (0 .. 7));
    requires apart: \separated(in + (0 .. 63), value + (0 .. 7));
    assigns  value[0 .. 7];
    exits    never: \false;
    ensures  coded: session_longs(in, value);
*/
static void get_longs(const u8 *in, u64 *value)
{
	/*@ loop invariant range: 0 <= i <= VM_MAX;
	    loop invariant coded: \forall integer k; 0 <= k < i ==> le64(in + 8 * k) == value[k];
	    loop assigns i, value[0 .. 7];
	    loop variant VM_MAX - i;
	*/
	for (u32 i = 0; i < VM_MAX; i++)
		value[i] = bytes_get64(in + 8u * i);
}

/* The rules that the bounds of each field are not. */
/*@ requires valid: \valid_read(session);
    requires small: session->sectors <= SESSION_SECTORS_MAX;
    assigns  \nothing;
    exits    never: \false;
    ensures  good:  \result <==> \forall integer i; 0 <= i < VM_MAX ==> session_vm_ok(session, i);
*/
static bool vms_good(const struct session *session)
{
	/*@ loop invariant range: 0 <= i <= VM_MAX;
	    loop invariant good:  \forall integer k; 0 <= k < i ==> session_vm_ok(session, k);
	    loop assigns i;
	    loop variant VM_MAX - i;
	*/
	for (u32 i = 0; i < VM_MAX; i++)
		if (session->index[i] >= VM_MAX || session->script_bytes[i] > session->sectors * 512)
			return false;
	return true;
}

/*@ requires valid: \valid_read(session);
    assigns  \result \from *session;
    exits    never: \false;
    ensures  good:  \result == \null <==> session_ok(session);
    ensures  text:  \result != \null ==> \valid_read(\result);
*/
static const char *fault(const struct session *session)
{
	if (session->vm_count < 1 || session->vm_count > VM_MAX || session->flags > SESSION_FLAGS_ALL)
		return "the session's VMs or flags are out of range";
	if (session->sectors < 2 || session->sectors > SESSION_SECTORS_MAX)
		return "the session's journal has an impossible size";
	if (session->states_sectors > SESSION_STATES_MAX || session->states_sector > SESSION_DISK_MAX)
		return "the session's states have an impossible size";
	if (session->digest_ticks < 1 || session->digest_ticks > SESSION_DIGEST_MAX)
		return "the session's digests are too far apart";
	if ((session->flags & SESSION_CHECKPOINTS) != 0 && session->checkpoint_ticks < session->digest_ticks)
		return "the session's checkpoints are too close";
	if (!vms_good(session))
		return "the session's VM is out of range";
	return NULL;
}

/*@ requires out:   \valid(out + (12 .. 99)) && \valid_read(session);
    requires apart: \separated(out + (12 .. 99), session);
    assigns  out[12 .. 59];
    exits    never: \false;
    ensures  coded: session_head_coded(out, session);
*/
static void put_head(u8 *out, const struct session *session)
{
	bytes_put32(out + 12, session->vm_count);
	bytes_put32(out + 16, session->flags);
	bytes_put64(out + 20, session->recording);
	bytes_put64(out + 28, session->sectors);
	bytes_put64(out + 36, session->digest_ticks);
	bytes_put64(out + 44, session->table_hpa);
	bytes_put64(out + 52, session->table_bytes);
}

/*@ requires out:   \valid(out + (12 .. 99)) && \valid_read(session);
    requires apart: \separated(out + (12 .. 99), session);
    assigns  out[60 .. 99];
    exits    never: \false;
    ensures  coded: session_limits_coded(out, session);
*/
static void put_limits(u8 *out, const struct session *session)
{
	bytes_put64(out + 60, session->until);
	bytes_put64(out + 68, session->checkpoint_ticks);
	bytes_put64(out + 76, session->output_sectors);
	bytes_put64(out + 84, session->states_sector);
	bytes_put64(out + 92, session->states_sectors);
}

/*@ requires in:    \valid_read(in + (12 .. 99)) && \valid(session);
    requires apart: \separated(in + (12 .. 99), session);
    assigns  session->vm_count, session->flags, session->recording, session->sectors, session->digest_ticks,
             session->table_hpa, session->table_bytes;
    exits    never: \false;
    ensures  coded: session_head_coded(in, session);
*/
static void get_head(const u8 *in, struct session *session)
{
	session->vm_count = bytes_get32(in + 12);
	session->flags = bytes_get32(in + 16);
	session->recording = bytes_get64(in + 20);
	session->sectors = bytes_get64(in + 28);
	session->digest_ticks = bytes_get64(in + 36);
	session->table_hpa = bytes_get64(in + 44);
	session->table_bytes = bytes_get64(in + 52);
}

/*@ requires in:    \valid_read(in + (12 .. 99)) && \valid(session);
    requires apart: \separated(in + (12 .. 99), session);
    assigns  session->until, session->checkpoint_ticks, session->output_sectors,
             session->states_sector, session->states_sectors;
    exits    never: \false;
    ensures  coded: session_limits_coded(in, session);
*/
static void get_limits(const u8 *in, struct session *session)
{
	session->until = bytes_get64(in + 60);
	session->checkpoint_ticks = bytes_get64(in + 68);
	session->output_sectors = bytes_get64(in + 76);
	session->states_sector = bytes_get64(in + 84);
	session->states_sectors = bytes_get64(in + 92);
}

/*@ requires out:   \valid(out + (0 .. SESSION_BYTES - 1)) && \valid_read(session);
    requires apart: \separated(out + (0 .. SESSION_BYTES - 1), session);
    assigns  out[12 .. 235];
    exits    never: \false;
    ensures  coded: session_coded(out, session);
*/
static void put_fields(u8 *out, const struct session *session)
{
	put_head(out, session);
	put_limits(out, session);
	put_longs(out + OFF_RESTORE, session->restore_sector);
	put_words(out + OFF_INDEX, session->index);
	bytes_put64(out + OFF_SEED, session->seed);
	put_words(out + OFF_SCRIPTS, session->script_bytes);
}

/*@ requires in:    \valid_read(in + (0 .. SESSION_BYTES - 1)) && \valid(session);
    requires apart: \separated(in + (0 .. SESSION_BYTES - 1), session);
    assigns  *session;
    exits    never: \false;
    ensures  coded: session_coded(in, session);
*/
static void get_fields(const u8 *in, struct session *session)
{
	get_head(in, session);
	get_limits(in, session);
	get_longs(in + OFF_RESTORE, session->restore_sector);
	get_words(in + OFF_INDEX, session->index);
	session->seed = bytes_get64(in + OFF_SEED);
	get_words(in + OFF_SCRIPTS, session->script_bytes);
}

void session_encode(const struct session *session, u8 out[SESSION_BYTES])
{
	bytes_zero(out, SESSION_BYTES);
	put_fields(out, session);
	bytes_put64(out, SESSION_MAGIC);
	bytes_put32(out + OFF_VERSION, SESSION_VERSION);
	bytes_put32(out + OFF_CRC, crc32c(out, OFF_CRC));
}

const char *session_decode(const u8 in[SESSION_BYTES], struct session *session)
{
	if (bytes_get64(in) != SESSION_MAGIC)
		return "the journal disk does not begin with a session";
	if (bytes_get32(in + OFF_VERSION) != SESSION_VERSION)
		return "the session is of another version";
	if (bytes_get32(in + OFF_CRC) != crc32c(in, OFF_CRC))
		return "the session's checksum does not match";
	get_fields(in, session);
	return fault(session);
}
