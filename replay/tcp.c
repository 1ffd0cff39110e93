/* SPDX-License-Identifier: BSD-2-Clause */
/* A console's TCP port. */
#include "tcp.h"

#include "say.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_at(const struct addrinfo *where)
{
	int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;
	int error;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, 1) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int tcp_listen(const char *where, const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	const char *text = where + strlen("tcp:");
	const char *port = strrchr(where, ':') + 1;
	char *host = port > text ? say_format("%.*s", (int)(port - 1 - text), text) : say_format("127.0.0.1");
	int failed = getaddrinfo(host, port, &hints, &found);
	int fd = failed == 0 ? listen_at(found) : -1;

	if (failed != 0)
		say("--console %s: %s", where, gai_strerror(failed));
	else if (fd < 0)
		say("--console %s: %s", where, strerror(errno));
	else
		say("%s: console at %s port %s", name, host, port);
	if (found != NULL)
		freeaddrinfo(found);
	free(host);
	return fd;
}
