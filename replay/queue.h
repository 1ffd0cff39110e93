/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that wait for a file descriptor whose reader may be slow. */
#ifndef REPLAY_QUEUE_H
#define REPLAY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue {
	char *data;
	size_t start, end, room;
};

size_t queue_bytes(const struct queue *queue);
void queue_add(struct queue *queue, const char *data, size_t bytes);

/* Forgets the oldest bytes until at most `bytes` are left. */
void queue_trim(struct queue *queue, size_t bytes);

/* Writes once, as much as a pipe takes without blocking after poll said POLLOUT. False: the reader is gone. `last` (if
 * not null) becomes the last byte written. */
bool queue_write(struct queue *queue, int fd, char *last);

void queue_free(struct queue *queue);

#endif
