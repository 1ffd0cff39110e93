/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page by itself: a timeline of exits by VM and reason with the console beside it, what handling took, the busiest places.
 * Pointing at the timeline marks the moment in all its parts and the console's line; a line marks its moment; #t=SECONDS
 * does so when the page opens.
 */
#include "page_html.h"

#include "names.h"

#include <stdlib.h>
#include <string.h>

#define BIN_PIXELS 4u
#define ROW_PIXELS 21u
#define LABEL_PIXELS 230u
#define WIDTH (LABEL_PIXELS + PAGE_BINS * BIN_PIXELS)
#define PLACES 16u

static const char style[] =
	"body{font:14px system-ui,sans-serif;margin:20px 24px;color:#1c2733;background:#fff}"
	"h1{font-size:20px;margin:0 0 8px}h2{font-size:15px;margin:24px 0 8px}h3{font-size:14px;margin:12px 0 4px}"
	"main{display:grid;grid-template-columns:minmax(0,62fr) minmax(0,38fr);gap:28px}"
	"@media(max-width:1000px){main{display:block}}"
	"table{border-collapse:collapse}td,th{padding:2px 9px;text-align:right;font-variant-numeric:tabular-nums}"
	"th{border-bottom:1px solid #b8c2cc;font-weight:600}td.l,th.l{text-align:left}tr:hover td{background:#eef3f8}"
	"svg{display:block}svg.time{width:100%;height:auto;cursor:crosshair}svg text{font:15px system-ui,sans-serif;fill:#1c2733}"
	".bar{fill:#2a6fb0}.in{fill:#c0561b}.axis{stroke:#d5dce3}.cur{stroke:#c0221b;stroke-width:1.5}"
	"#moment{color:#5b6b7a;font-variant-numeric:tabular-nums;min-height:20px}"
	"#console{font:12px/1.45 ui-monospace,monospace;background:#f5f7f9;padding:8px;overflow:auto;max-height:calc(100vh - 110px)}"
	"#beside{position:sticky;top:12px;align-self:start}"
	".ln{white-space:pre-wrap;word-break:break-all;cursor:pointer;padding:0 4px}.ln i{color:#7b8894;font-style:normal}"
	".ln:hover{background:#e6edf4}.ln.on{background:#ffe9a8}";

static const char script[] =
	"'use strict';(function(){"
	"var d=document,b=d.body,end=+b.dataset.end,left=+b.dataset.left,width=+b.dataset.width,"
	"lines=[].slice.call(d.querySelectorAll('.ln')),times=[].slice.call(d.querySelectorAll('svg.time')),"
	"moment=d.getElementById('moment');"
	"function show(t,scroll){t=Math.max(0,Math.min(end,t));var x=left+(width-left)*(end?t/end:0),on=null;"
	"times.forEach(function(s){var c=s.querySelector('.cur');c.setAttribute('x1',x);c.setAttribute('x2',x);"
	"c.setAttribute('visibility','visible')});"
	"lines.forEach(function(l){l.classList.remove('on');if(+l.dataset.t<=t)on=l});"
	"if(on){on.classList.add('on');if(scroll){on.parentNode.scrollTop=on.offsetTop-on.parentNode.offsetTop-80}}"
	"moment.textContent=(t/1e9).toFixed(6)+' s of virtual time'}"
	"times.forEach(function(s){s.addEventListener('mousemove',function(e){var r=s.getBoundingClientRect();"
	"show(((e.clientX-r.left)/r.width*width-left)/(width-left)*end,true)})});"
	"lines.forEach(function(l){l.addEventListener('click',function(){show(+l.dataset.t,false);"
	"history.replaceState(null,'','#t='+l.dataset.t/1e9)})});"
	"var at=/^#t=([0-9.]+)$/.exec(location.hash);if(at){show(at[1]*1e9,true)}"
	"b.dataset.ready='1'})();";

static void text_print(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '&': fputs("&amp;", out); break;
		case '"': fputs("&quot;", out); break;
		default: fputc(*text, out); break;
		}
	}
}

/* 1,234,567 */
static void number_print(FILE *out, u64 number)
{
	char digits[32];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			fputc(',', out);
		fputc(digits[i], out);
	}
}

static void cell(FILE *out, u64 number)
{
	fputs("<td>", out);
	number_print(out, number);
	fputs("</td>", out);
}

static const char *vm_name(const struct page *page, u32 v)
{
	return (const char *)page->recording->plan.vm[v].name;
}

static const char *end_text(const struct recording_vm *vm)
{
	static const char *const texts[] = { "?", "ended with a status", "reset", "halted", "triple fault", "stopped",
					     "refused", "journal full" };

	return !vm->ended ? "cut off" : vm->end_code < sizeof(texts) / sizeof(texts[0]) ? texts[vm->end_code] : "?";
}

static void print_head(FILE *out, const struct page *page)
{
	const struct recording *recording = page->recording;

	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
	text_print(out, file_base(recording->path));
	fprintf(out, "</title><style>%s</style></head><body data-end=\"%llu\" data-left=\"%u\" data-width=\"%u\">\n<h1>", style,
		(unsigned long long)page->end, LABEL_PIXELS, WIDTH);
	text_print(out, file_base(recording->path));
	fprintf(out, "</h1>\n<table id=\"vms\"><tr><th class=\"l\">VM</th><th class=\"l\">guest</th><th>memory</th>"
		"<th>instructions</th><th>virtual seconds</th><th>exits</th><th>inputs</th><th class=\"l\">end</th></tr>\n");
	for (u32 v = 0; v < recording->plan.vm_count; v++) {
		const struct recording_vm *vm = &recording->vm[v];

		fprintf(out, "<tr><td class=\"l\">");
		text_print(out, vm_name(page, v));
		fprintf(out, "</td><td class=\"l\">");
		text_print(out, recording->guest[v] != NULL ? recording->guest[v] : "");
		fprintf(out, "</td><td>%llu MiB</td>", (unsigned long long)(recording->plan.vm[v].ram_bytes >> 20));
		cell(out, vm->position);
		fprintf(out, "<td>%.3f</td>", (double)vm->time / 1e9);
		cell(out, vm->exits);
		cell(out, vm->inputs);
		fprintf(out, "<td class=\"l\">%s</td></tr>\n", end_text(vm));
	}
	fprintf(out, "</table>\n");
}

static u32 log2_of(u32 value)
{
	return value > 1 ? 31u - (u32)__builtin_clz(value) : 0;
}

/* Darker means more in that piece of time; the scale is logarithmic. */
static void print_bins(FILE *out, const char *name, const char *class, const u32 *bin, const char *what, u32 y)
{
	fprintf(out, "<text x=\"0\" y=\"%u\">%s</text>\n", y + ROW_PIXELS - 5, name);
	for (u32 i = 0; i < PAGE_BINS; i++)
		if (bin[i] > 0)
			fprintf(out, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" opacity=\"%.2f\"><title>%u "
				"%s</title></rect>\n", class, LABEL_PIXELS + i * BIN_PIXELS, y + 2, BIN_PIXELS, ROW_PIXELS - 4,
				0.3 + 0.7 * (log2_of(bin[i]) > 8 ? 8 : log2_of(bin[i])) / 8, bin[i], what);
}

static void print_axis(FILE *out, const struct page *page, u32 y)
{
	for (u32 i = 0; i <= 4; i++) {
		u32 x = LABEL_PIXELS + i * PAGE_BINS * BIN_PIXELS / 4;

		fprintf(out, "<line class=\"axis\" x1=\"%u\" x2=\"%u\" y1=\"0\" y2=\"%u\"/><text x=\"%u\" y=\"%u\" "
			"text-anchor=\"%s\">%.3f s</text>\n", x, x, y + 2, x, y + ROW_PIXELS - 3,
			i == 0 ? "start" : i == 4 ? "end" : "middle", (double)page->end / 1e9 * i / 4);
	}
}

static void print_timeline(FILE *out, const struct page *page)
{
	fprintf(out, "<h2>Exits over virtual time</h2>\n<div id=\"moment\">point at a moment, or at a line of the console</div>\n");
	for (u32 v = 0; v < page->recording->plan.vm_count; v++) {
		u32 count = page->recording->vm[v].inputs > 0, y = 0;

		for (u32 r = 0; r < EXIT_REASONS; r++)
			count += page->row[v][r].exits > 0 && exit_name(r) != NULL;
		fprintf(out, "<h3>");
		text_print(out, vm_name(page, v));
		fprintf(out, "</h3><svg class=\"time\" viewBox=\"0 0 %u %u\" role=\"img\">\n", WIDTH, (count + 1) * ROW_PIXELS);
		print_axis(out, page, count * ROW_PIXELS);
		if (page->recording->vm[v].inputs > 0) {
			print_bins(out, "console input", "in", page->input[v], "bytes came in", y);
			y += ROW_PIXELS;
		}
		for (u32 r = 0; r < EXIT_REASONS; r++) {
			if (page->row[v][r].exits == 0 || exit_name(r) == NULL)
				continue;
			print_bins(out, exit_name(r), "bar", page->row[v][r].bin, "exits", y);
			y += ROW_PIXELS;
		}
		fprintf(out, "<line class=\"cur\" y1=\"0\" y2=\"%u\" x1=\"0\" x2=\"0\" visibility=\"hidden\"/></svg>\n", y);
	}
}

/* A small picture of how many exits took how many ticks: powers of two from left to right. */
static void print_histogram(FILE *out, const u64 *histogram)
{
	u64 most = 1;

	for (u32 i = 0; i < PAGE_HISTOGRAM; i++)
		most = histogram[i] > most ? histogram[i] : most;
	fprintf(out, "<svg class=\"histogram\" width=\"%u\" height=\"16\"><line class=\"axis\" x1=\"0\" x2=\"%u\" y1=\"15.5\" y2=\"15.5\"/>",
		PAGE_HISTOGRAM * 5, PAGE_HISTOGRAM * 5);
	for (u32 i = 0; i < PAGE_HISTOGRAM; i++)
		if (histogram[i] > 0)
			fprintf(out, "<rect class=\"bar\" x=\"%u\" y=\"%.1f\" width=\"4\" height=\"%.1f\"><title>%llu exits of %u to %u "
				"ticks</title></rect>", i * 5, 15 - 14.0 * (double)histogram[i] / (double)most,
				1 + 14.0 * (double)histogram[i] / (double)most, (unsigned long long)histogram[i], 1u << i,
				(2u << i) - 1);
	fprintf(out, "</svg>");
}

static void print_reasons(FILE *out, const struct page *page)
{
	fprintf(out, "<h2>What handling took, in ticks</h2>\n<table id=\"reasons\"><tr><th class=\"l\">VM</th><th class=\"l\">reason</th>"
		"<th>exits</th><th>ticks</th><th>mean</th><th>longest</th><th class=\"l\">1 &hellip; 2<sup>%u</sup> ticks an exit</th></tr>\n",
		PAGE_HISTOGRAM);
	for (u32 v = 0; v < page->recording->plan.vm_count; v++) {
		for (u32 r = 0; r < EXIT_REASONS; r++) {
			const struct page_row *row = &page->row[v][r];

			if (row->exits == 0 || exit_name(r) == NULL)
				continue;
			fprintf(out, "<tr><td class=\"l\">");
			text_print(out, vm_name(page, v));
			fprintf(out, "</td><td class=\"l\">%s</td>", exit_name(r));
			cell(out, row->exits);
			cell(out, row->ticks);
			cell(out, row->ticks / row->exits);
			cell(out, row->ticks_max);
			fprintf(out, "<td class=\"l\">");
			print_histogram(out, row->histogram);
			fprintf(out, "</td></tr>\n");
		}
	}
	fprintf(out, "</table>\n");
}

static void print_places(FILE *out, const struct page *page)
{
	u64 all = 0;

	for (u64 i = 0; i < page->places; i++)
		all += page->place[i].count;
	fprintf(out, "<h2>Busiest places</h2>\n<table id=\"places\"><tr><th>exits</th><th>of all</th><th class=\"l\">RIP</th><th class=\"l\">place"
		"</th></tr>\n");
	for (u64 i = 0; i < PLACES && i < page->places; i++) {
		char place[320];

		names_text(page->place[i].rip, place, sizeof(place));
		fputs("<tr>", out);
		cell(out, page->place[i].count);
		fprintf(out, "<td>%.1f %%</td><td class=\"l\"><code>%016llx</code></td><td class=\"l\">",
			100.0 * (double)page->place[i].count / (double)all, (unsigned long long)page->place[i].rip);
		text_print(out, place[0] != '\0' ? place : page->place[i].user ? "user mode" : "kernel mode");
		fprintf(out, "</td></tr>\n");
	}
	fprintf(out, "</table>\n");
}

static void print_console(FILE *out, const struct page *page)
{
	fprintf(out, "<h2>Console, by virtual time</h2>\n<div id=\"console\">");
	for (u32 i = 0; i < page->lines; i++) {
		const struct page_line *line = &page->line[i];

		fprintf(out, "<div class=\"ln\" data-t=\"%llu\" title=\"position %llu\"><i>%10.6f", (unsigned long long)line->time,
			(unsigned long long)line->position, (double)line->time / 1e9);
		if (page->recording->plan.vm_count > 1) {
			fputc(' ', out);
			text_print(out, vm_name(page, line->vm));
		}
		fprintf(out, "</i> ");
		text_print(out, line->text);
		fprintf(out, "</div>\n");
	}
	fprintf(out, "</div>\n%s", page->cut ? "<p>There were more lines.</p>\n" : "");
}

u32 page_bin(const struct page *page, u64 time)
{
	u64 bin = page->end == 0 ? 0 : (u64)((double)time / (double)page->end * PAGE_BINS);

	return bin < PAGE_BINS ? (u32)bin : PAGE_BINS - 1;
}

void page_html(const struct page *page, FILE *out)
{
	print_head(out, page);
	fprintf(out, "<main><div>\n");
	print_timeline(out, page);
	print_reasons(out, page);
	print_places(out, page);
	fprintf(out, "</div><div id=\"beside\">\n");
	print_console(out, page);
	fprintf(out, "</div></main>\n<script>%s</script>\n</body></html>\n", script);
}
