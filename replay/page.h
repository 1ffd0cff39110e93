/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `report`: a recording as one self-contained page. */
#ifndef REPLAY_PAGE_H
#define REPLAY_PAGE_H

/* reprise report: argv[0] is "reprise report". Returns the exit status. */
int page_main(int argc, char **argv);

#endif
