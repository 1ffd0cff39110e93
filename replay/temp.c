/* SPDX-License-Identifier: BSD-2-Clause */
/* The run's temporary directory. */
#include "temp.h"

#include "say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "reprise-"
#define OWNER "owner"
#define OWNER_NEW "owner.new"	/* until it is locked */
#define YOUNG_SECONDS 60	/* an empty directory may just have been made by another run */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Removes `path` if it is ours and nobody holds its lock. */
static void collect(const char *path)
{
	char *owner = say_format("%s/" OWNER, path);
	struct stat st;
	int fd;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid()) {
		fd = open(owner, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0) {
			if (flock(fd, LOCK_EX | LOCK_NB) == 0)
				remove_tree(path);
			close(fd);
		} else if (errno == ENOENT && time(NULL) - st.st_mtime > YOUNG_SECONDS) {
			char *new = say_format("%s/" OWNER_NEW, path);

			unlink(new);
			rmdir(path);	/* works on an empty one only */
			free(new);
		}
	}
	free(owner);
}

static void collect_all(const char *parent)
{
	DIR *directory = opendir(parent);
	const struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0) {
			char *path = say_format("%s/%s", parent, entry->d_name);

			collect(path);
			free(path);
		}
	}
	closedir(directory);
}

int temp_open(struct temp *temp)
{
	const char *parent = getenv("TMPDIR");
	char *owner, *new;

	if (parent == NULL || parent[0] != '/')
		parent = "/tmp";
	collect_all(parent);
	temp->path = say_format("%s/" PREFIX "XXXXXX", parent);
	if (mkdtemp(temp->path) == NULL) {
		say("%s: no temporary directory can be made: %s; set TMPDIR", parent, strerror(errno));
		free(temp->path);
		temp->path = NULL;
		return STATUS_FAILED;
	}
	/* Another run must not see it before it is locked. */
	new = temp_path(temp, OWNER_NEW);
	owner = temp_path(temp, OWNER);
	temp->lock = open(new, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (temp->lock >= 0) {
		flock(temp->lock, LOCK_EX | LOCK_NB);
		rename(new, owner);
	}
	free(new);
	free(owner);
	return 0;
}

char *temp_path(const struct temp *temp, const char *name)
{
	return say_format("%s/%s", temp->path, name);
}

void temp_close(struct temp *temp, int keep)
{
	if (temp->path == NULL)
		return;
	if (keep) {
		char *owner = temp_path(temp, OWNER);

		unlink(owner);		/* nobody collects it now */
		free(owner);
		say("kept %s", temp->path);
	} else {
		remove_tree(temp->path);
	}
	if (temp->lock >= 0)
		close(temp->lock);
	free(temp->path);
	temp->path = NULL;
}
