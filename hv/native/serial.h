/* SPDX-License-Identifier: BSD-2-Clause */
/* COM1, polled, 115200 8N1. The FIFO stays off: Bochs polls its socket every character time while it is on. */
#ifndef HV_NATIVE_SERIAL_H
#define HV_NATIVE_SERIAL_H

#include "types.h"

void serial_init(void);

/* Queues a byte for sending; waits only if the queue is full. */
void serial_put(u8 byte);

/* Sends from the queue as long as the transmitter takes a byte at once. */
void serial_drain(void);

/* Sends all of the queue and waits until the last bit is out. */
void serial_flush(void);

/* The next received byte, or -1. */
int serial_try_get(void);

#endif
