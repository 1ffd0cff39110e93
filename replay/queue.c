/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that wait for a file descriptor whose reader may be slow. */
#include "queue.h"

#include "say.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t queue_bytes(const struct queue *queue)
{
	return queue->end - queue->start;
}

void queue_add(struct queue *queue, const char *data, size_t bytes)
{
	if (queue->start > 0 && bytes > queue->room - queue->end) {
		memmove(queue->data, queue->data + queue->start, queue_bytes(queue));
		queue->end -= queue->start;
		queue->start = 0;
	}
	if (bytes > queue->room - queue->end) {
		size_t room = 2 * queue->room + bytes;
		char *data_new = say_alloc(room);

		if (queue->end > 0)
			memcpy(data_new, queue->data, queue->end);
		free(queue->data);
		queue->data = data_new;
		queue->room = room;
	}
	memcpy(queue->data + queue->end, data, bytes);
	queue->end += bytes;
}

void queue_trim(struct queue *queue, size_t bytes)
{
	if (queue_bytes(queue) > bytes)
		queue->start = queue->end - bytes;
}

bool queue_write(struct queue *queue, int fd, char *last)
{
	size_t bytes = queue_bytes(queue) < PIPE_BUF ? queue_bytes(queue) : PIPE_BUF;
	ssize_t done;

	if (bytes == 0)
		return true;
	done = write(fd, queue->data + queue->start, bytes);
	if (done < 0)
		return errno == EAGAIN || errno == EINTR;
	queue->start += (size_t)done;
	if (last != NULL && done > 0)
		*last = queue->data[queue->start - 1];
	if (queue->start == queue->end)
		queue->start = queue->end = 0;
	return true;
}

void queue_free(struct queue *queue)
{
	free(queue->data);
	memset(queue, 0, sizeof(*queue));
}
