/* SPDX-License-Identifier: BSD-2-Clause */
/* FILE.rpl.journal: the journal disk that a recording hypervisor writes (hv/session.h). */
#ifndef REPLAY_JOURNAL_FILE_H
#define REPLAY_JOURNAL_FILE_H

#include "file.h"
#include "hv/session.h"

/* The blocks of VM v up to the first that does not begin as one (which is included if it was written to at all). */
void journal_file_read(int fd, const struct session *session, u32 v, struct bytes *out);

#endif
