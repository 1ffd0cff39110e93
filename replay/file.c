/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole files in memory, with the digest that the workload names. */
#include "file.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

void file_sha256(const void *data, u64 count, u8 digest[32])
{
	unsigned int length = 32;

	if (EVP_Digest(data, count, digest, &length, EVP_sha256(), NULL) != 1)
		exit(say_fail(STATUS_FAILED, "libcrypto cannot compute SHA-256"));
}

static int digest_check(const struct file_spec *spec, const struct bytes *in)
{
	u8 digest[32];
	char text[65];

	file_sha256(in->data, in->count, digest);
	for (int i = 0; i < 32; i++) {
		text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	text[64] = '\0';
	if (strcasecmp(text, spec->sha256) == 0)
		return 0;
	return say_fail(STATUS_REFUSED, "%s%s: its SHA-256 is %s, the workload expects %s",
			spec->origin ? spec->origin : "", spec->path, text, spec->sha256);
}

static int read_all(int fd, u64 max, u64 hint, struct bytes *out)
{
	u64 room = hint < max ? hint + 1 : max + 1;

	out->data = say_alloc(room);
	out->count = 0;
	for (;;) {
		ssize_t got;

		if (out->count == room) {
			if (room > max)
				return EFBIG;
			room = room * 2 > max ? max + 1 : room * 2;
			out->data = realloc(out->data, room);
			if (out->data == NULL)
				return ENOMEM;
		}
		got = read(fd, out->data + out->count, room - out->count);
		if (got < 0 && errno != EINTR)
			return errno;
		if (got == 0)
			return 0;
		if (got > 0)
			out->count += (u64)got;
	}
}

int file_read(const struct file_spec *spec, u64 max, struct bytes *out)
{
	const char *origin = spec->origin ? spec->origin : "";
	struct stat st;
	int error;
	int fd;

	out->data = NULL;
	out->count = 0;
	fd = open(spec->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return say_fail(STATUS_REFUSED, "%s%s: %s", origin, spec->path, strerror(errno));
	error = fstat(fd, &st) != 0 ? errno : read_all(fd, max, S_ISREG(st.st_mode) ? (u64)st.st_size : 65536, out);
	close(fd);
	if (error == EFBIG)
		say("%s%s: larger than the %llu MiB that fit", origin, spec->path, (unsigned long long)(max >> 20));
	else if (error != 0)
		say("%s%s: %s", origin, spec->path, strerror(error));
	else if (out->count == 0)
		say("%s%s: the file is empty", origin, spec->path);
	else if (spec->sha256 == NULL || digest_check(spec, out) == 0)
		return 0;
	free(out->data);
	out->data = NULL;
	return STATUS_REFUSED;
}

char *file_of_build(const char *name)
{
	const char *directory = getenv("REPRISE_LIBDIR");
	char self[PATH_MAX];
	ssize_t length;

	if (directory != NULL && directory[0] != '\0')
		return say_format("%s/%s", directory, name);
	length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length <= 0)
		return say_format("%s", name);
	self[length] = '\0';
	return say_format("%s/%s", dirname(self), name);
}

const char *file_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

u16 le16(const u8 *at)
{
	return (u16)(at[0] | at[1] << 8);
}

u32 le32(const u8 *at)
{
	return (u32)at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24;
}

void put_le32(u8 *at, u32 value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (u8)(value >> (8 * i));
}

void put_le64(u8 *at, u64 value)
{
	put_le32(at, (u32)value);
	put_le32(at + 4, (u32)(value >> 32));
}
