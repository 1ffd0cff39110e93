/* SPDX-License-Identifier: BSD-2-Clause */
/* The page of `report`: what replay/page.c gathered, as HTML. */
#ifndef REPLAY_PAGE_HTML_H
#define REPLAY_PAGE_HTML_H

#include "trace.h"

#define PAGE_BINS 240u		/* of the timeline */
#define PAGE_HISTOGRAM 24u	/* of handling ticks: powers of two */
#define PAGE_LINE_BYTES 200u
#define PAGE_LINES 2000u

/* Exits of one VM for one reason. */
struct page_row {
	u32 bin[PAGE_BINS];	/* over virtual time */
	u64 exits, ticks;
	u32 ticks_max;
	u64 histogram[PAGE_HISTOGRAM];
};

/* Exits at one RIP. */
struct page_place {
	u64 rip, count;
	bool user;
};

/* One line of a console and when it began. */
struct page_line {
	u32 vm, length;
	u64 position, time;
	char text[PAGE_LINE_BYTES];
};

struct page {
	const struct recording *recording;
	u64 end;			/* virtual time of the last event */
	struct page_row row[VM_MAX][EXIT_REASONS];
	u32 input[VM_MAX][PAGE_BINS];	/* console bytes that came in */
	struct page_place *place;	/* the busiest first */
	u64 places;
	struct page_line *line;
	u32 lines;
	bool cut;			/* there were more lines */
};

/* The piece of the timeline that `time` lies in. */
u32 page_bin(const struct page *page, u64 time);

void page_html(const struct page *page, FILE *out);

#endif
