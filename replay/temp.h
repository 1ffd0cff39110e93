/* SPDX-License-Identifier: BSD-2-Clause */
/* The run's temporary directory: always removed, even if this process is killed (then by the next one). */
#ifndef REPLAY_TEMP_H
#define REPLAY_TEMP_H

struct temp {
	char *path;		/* NULL while there is none */
	int lock;		/* an open, locked file in it: whoever can lock it may remove the directory */
};

/* Removes what killed runs left behind, then makes a directory in $TMPDIR or /tmp. Returns 0 or STATUS_FAILED after a
 * message. */
int temp_open(struct temp *temp);

/* DIRECTORY/name; the caller frees it. */
char *temp_path(const struct temp *temp, const char *name);

/* Removes the directory, or leaves it for good and says where it is. */
void temp_close(struct temp *temp, int keep);

#endif
