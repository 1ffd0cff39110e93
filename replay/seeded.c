/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs whose inputs come from a seed and a script. */
#include "seeded.h"

#include "file.h"
#include "hv/session.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_MAX (1u << 20)
#define SESSION_DISK "session.disk"
#define CYLINDER_BYTES (16u * 63u * 512u)	/* Bochs takes whole cylinders */

static int script_read(const struct run_spec *run, struct bytes *script)
{
	struct file_spec spec = { .path = run->script };

	*script = (struct bytes){ NULL, 0 };
	return run->script != NULL ? file_read(&spec, SCRIPT_MAX, script) : 0;
}

int seeded_prepare(struct run_spec *run, struct layout *layout, const struct temp *temp)
{
	u8 sector[SESSION_BYTES];
	struct session session = { .vm_count = layout->plan.vm_count, .seed = run->seed, .digest_ticks = SESSION_DIGEST_MAX,
				   .until = TIME_NEVER };
	struct bytes script;
	int status = script_read(run, &script);
	bool good = true;
	u64 bytes;
	int fd;

	if (status != 0)
		return status;
	session.sectors = script.count / SESSION_BYTES + 2;
	bytes = (1 + session.sectors * session.vm_count) * SESSION_BYTES;
	for (u32 v = 0; v < session.vm_count; v++) {
		session.index[v] = v;
		session.script_bytes[v] = (u32)script.count;
	}
	session_encode(&session, sector);
	run->journal = temp_path(temp, SESSION_DISK);
	fd = open(run->journal, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	good = fd >= 0 && pwrite(fd, sector, sizeof(sector), 0) == sizeof(sector) &&
	       ftruncate(fd, (off_t)((bytes + CYLINDER_BYTES - 1) / CYLINDER_BYTES * CYLINDER_BYTES)) == 0;
	for (u32 v = 0; v < session.vm_count && good && script.count > 0; v++)
		good = pwrite(fd, script.data, script.count, (off_t)((1 + v * session.sectors) * SESSION_BYTES)) ==
		       (ssize_t)script.count;
	if (!good)
		say("%s: %s", run->journal, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(script.data);
	return good ? 0 : STATUS_FAILED;
}
