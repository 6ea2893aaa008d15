/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/flame.h"

#include "base/cleanup.h"
#include "report/flame_assets.h"
#include "report/flame_colour.h"
#include "report/flame_view.h"
#include "report/view.h"
#include "report/xml.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Pixels. flame.js lays out anew for the window's width, with the same numbers. */
#define WIDTH 1200.0
#define PAD 12.0
#define HEAD 116 /* above the frames; flame.js keeps it in view */
#define FOOT 34	 /* below them */
#define ROW 18
#define CHARACTER 7.25 /* width of a character of a label */
#define NARROWEST 0.1

#define BYTES_MAX ((size_t)8 << 20)
#define NAME_MAX_BYTES 1000

struct picture {
	const struct flame *flame;
	const struct flame_view *view;
	struct str *out;
	double px;	  /* per unit of weight */
	double narrowest; /* px; what is narrower is not drawn */
	size_t bytes_max;
	uint32_t rows;
	uint32_t dropped; /* frames that were not drawn; the tops of what is missing */
};

static uint64_t total(const struct flame *flame)
{
	return folded_node(flame->stacks, FOLDED_ROOT)->total;
}

/* ---- numbers ---- */

static void append_us(struct str *out, double us)
{
	if (us >= 1e6)
		str_format(out, "%.*f s", us >= 1e8 ? 0 : us >= 1e7 ? 1 : 2, us / 1e6);
	else if (us >= 1000)
		str_format(out, "%.*f ms", us >= 1e5 ? 0 : us >= 1e4 ? 1 : 2, us / 1000);
	else
		str_format(out, "%.0f \xc2\xb5s", us);
}

/* "3,997" */
static void append_count(struct str *out, uint64_t count)
{
	if (count >= 1000) {
		append_count(out, count / 1000);
		str_format(out, ",%03u", (unsigned)(count % 1000));
	} else {
		str_format(out, "%u", (unsigned)count);
	}
}

static void append_weight(struct str *out, const struct flame *flame, uint64_t weight)
{
	if (flame->stacks->unit == FOLDED_US)
		append_us(out, (double)weight);
	else
		append_count(out, weight);
}

static double share_pct(const struct flame *flame, uint64_t weight)
{
	return total(flame) ? 100.0 * (double)weight / (double)total(flame) : 0;
}

/* ---- labels ---- */

/* The bytes of `name` that take at most `columns`; wide scripts take two each. */
static size_t label_fits(struct span name, size_t columns)
{
	const char *at = name.p;

	while (at < name.end) {
		const char *next = at + 1;
		size_t wide = (unsigned char)*at >= 0xe1 ? 2 : 1;

		while (next < name.end && (*next & 0xc0) == 0x80)
			next++;
		if (columns < wide)
			break;
		columns -= wide;
		at = next;
	}
	return (size_t)(at - name.p);
}

static void append_label(struct picture *picture, struct span name, double x, double y,
			 double width)
{
	size_t columns = width > 8 ? (size_t)((width - 6) / CHARACTER) : 0;
	size_t fits = label_fits(name, columns);
	struct str *out = picture->out;

	if (columns < 3 || name.p == name.end)
		return;
	str_format(out, "<text x=\"%.2f\" y=\"%.0f\">", x + 3, y + 13);
	if (fits == span_len(name)) {
		xml_append_text(out, name.p, fits);
	} else {
		xml_append_text(out, name.p, label_fits(name, columns - 1));
		str_append(out, "\xe2\x80\xa6");
	}
	str_append(out, "</text>");
}

static struct span shown_name(const struct folded_node *node)
{
	return node->name.p == node->name.end ? span_of("(no name)") : node->name;
}

/* "do_futex — 1.20 s, 34.5 % of all (kernel)"; flame.js takes the name from it. */
static void append_title(struct picture *picture, const struct folded_node *node)
{
	struct span name = shown_name(node);
	struct str *out = picture->out;
	size_t len = label_fits(name, NAME_MAX_BYTES);

	xml_append_text(out, name.p, len);
	str_append(out, len < span_len(name) ? "\xe2\x80\xa6 \xe2\x80\x94 " : " \xe2\x80\x94 ");
	append_weight(out, picture->flame, node->total);
	str_format(out, ", %.*f %% of all", node->depth ? 2 : 0,
		   share_pct(picture->flame, node->total));
	if (node->kernel)
		str_append(out, " (kernel)");
}

/* ---- frames ---- */

static void append_frame(struct picture *picture, uint32_t index, uint64_t start,
			 enum flame_kind kind)
{
	const struct folded_node *node = folded_node(picture->flame->stacks, index);
	double x = PAD + picture->px * (double)start, width = picture->px * (double)node->total;
	double y = HEAD + (double)ROW * (picture->rows - 1 - node->depth);
	struct str *out = picture->out;
	char colour[FLAME_COLOUR_SIZE];

	flame_colour(picture->view->name, kind, node->name, colour);
	str_format(out, "<g class=\"f\" data-s=\"%llu\" data-w=\"%llu\"><title>",
		   (unsigned long long)start, (unsigned long long)node->total);
	append_title(picture, node);
	str_format(out,
		   "</title><rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>",
		   x, y, width, ROW - 1, colour);
	append_label(picture, shown_name(node), x, y, width);
	str_append(out, "</g>\n");
}

struct place {		/* of the last node in a row */
	uint64_t child; /* where its next child begins */
	enum flame_region above;
};

/* Calls for every node that is wide enough, parents first: `each` gets its start. */
static void each_visible(struct picture *picture,
			 void (*each)(struct picture *picture, uint32_t index, uint64_t start,
				      enum flame_kind kind))
{
	const struct folded *stacks = picture->flame->stacks;
	struct place places[FOLDED_DEPTH_MAX + 1] = { 0 };
	bool wide;

	for (uint32_t i = FOLDED_ROOT; i != FOLDED_NONE; i = folded_next(stacks, i, wide)) {
		const struct folded_node *node = folded_node(stacks, i);
		struct place *below = node->depth ? &places[node->depth - 1] : NULL;
		uint64_t start = below ? below->child : 0;
		enum flame_kind kind;

		if (below)
			below->child += node->total;
		wide = !below || picture->px * (double)node->total >= picture->narrowest;
		if (!wide) {
			picture->dropped++;
			continue;
		}
		kind = flame_kind(picture->flame, i, below ? below->above : FLAME_IN_NOTHING,
				  &places[node->depth].above);
		places[node->depth].child = start;
		each(picture, i, start, kind);
	}
}

static void measure(struct picture *picture, uint32_t index, uint64_t start, enum flame_kind kind)
{
	uint32_t depth = folded_node(picture->flame->stacks, index)->depth;

	(void)start;
	(void)kind;
	if (depth >= picture->rows)
		picture->rows = depth + 1;
}

static void draw(struct picture *picture, uint32_t index, uint64_t start, enum flame_kind kind)
{
	if (picture->out->len < picture->bytes_max)
		append_frame(picture, index, start, kind);
}

/* ---- what stands around them ---- */

static void append_text(struct str *out, const char *text)
{
	xml_append_text(out, text, strlen(text));
}

static void append_dot(struct str *out, size_t since)
{
	if (out->len > since)
		str_append(out, " \xc2\xb7 ");
}

/* "3.00 s window, 4 CPUs"; "hot: 3.00 s window, cold: 2.00 s window, 4 CPUs" */
static void append_window(const struct flame *flame, struct str *out)
{
	bool both = flame->cold_window_s > 0;

	str_append(out, both ? "hot: " : "");
	append_us(out, flame->window_s * 1e6);
	str_append(out, " window");
	if (both) {
		str_append(out, ", cold: ");
		append_us(out, flame->cold_window_s * 1e6);
		str_append(out, " window");
	}
	if (flame->cpus >= 1)
		str_format(out, ", %.0f CPU%s", flame->cpus, flame->cpus == 1 ? "" : "s");
}

/* "2026-07-31T12:00:00.000Z · 3.00 s window · 2,994 samples by cpu-clock · 5.61 s in all" */
static void append_facts(struct picture *picture)
{
	const struct flame *flame = picture->flame;
	struct str *out = picture->out;
	size_t since = out->len;

	view_time(out, flame->start_unix_s);
	if (flame->window_s > 0) {
		append_dot(out, since);
		append_window(flame, out);
	}
	if (flame->samples >= 1 && flame->samples < 1e15) {
		append_dot(out, since);
		append_count(out, (uint64_t)flame->samples);
		str_append(out, flame->clock ? " samples by " : " samples");
		append_text(out, flame->clock ? flame->clock : "");
	}
	append_dot(out, since);
	append_weight(out, flame, total(flame));
	if (flame->whole) {
		str_append(out, " of ");
		append_weight(out, flame, flame->whole);
	}
	str_append(out, flame->stacks->unit == FOLDED_US ? " in all" : " events in all");
}

static void append_legend(struct picture *picture)
{
	const struct flame_view *view = picture->view;
	int x = (int)PAD;

	for (const struct flame_legend *key = view->legend; key->text; key++) {
		char colour[FLAME_COLOUR_SIZE];

		flame_colour(view->name, key->kind, span_of(""), colour);
		str_format(picture->out,
			   "<rect x=\"%d\" y=\"66\" width=\"12\" height=\"12\" fill=\"%s\"/>"
			   "<text class=\"key\" x=\"%d\" y=\"76\">%s</text>\n",
			   x, colour, x + 17, key->text);
		x += 17 + key->width + 18;
	}
}

static void append_heading(struct picture *picture, const char *separator)
{
	const struct flame *flame = picture->flame;

	append_text(picture->out, picture->view->heading);
	if (flame->host) {
		str_append(picture->out, separator);
		append_text(picture->out, flame->host);
	}
}

static void append_begin(struct picture *picture, int height)
{
	struct str *out = picture->out;

	str_format(out,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%d\""
		   " viewBox=\"0 0 %.0f %d\" data-pad=\"%.0f\" data-char=\"%.2f\">\n<title>",
		   WIDTH, height, WIDTH, height, PAD, CHARACTER);
	append_heading(picture, " of ");
	str_format(out, "</title>\n<style><![CDATA[\n%s]]></style>\n", flame_css);
	str_append(out,
		   "<rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"#fdfdfb\"/>\n");
}

/* Over the frames, which may pass below it when a window is scrolled. */
static void append_head(struct picture *picture)
{
	struct str *out = picture->out;

	str_format(out,
		   "<g id=\"head\">\n"
		   "<rect class=\"paper\" width=\"100%%\" height=\"%d\" fill=\"#fdfdfb\"/>\n"
		   "<text class=\"heading\" x=\"%.0f\" y=\"30\">",
		   HEAD - 6, PAD);
	append_heading(picture, " \xc2\xb7 ");
	str_format(out, "</text>\n<text class=\"facts\" x=\"%.0f\" y=\"51\">", PAD);
	append_facts(picture);
	str_append(out, "</text>\n");
	append_legend(picture);
	str_format(out, "<text id=\"details\" x=\"%.0f\" y=\"100\"> </text>\n</g>\n", PAD);
}

static void append_notes(struct picture *picture)
{
	const struct flame *flame = picture->flame;
	struct str *out = picture->out;

	if (total(flame) == 0)
		str_append(out, picture->view->empty);
	if (picture->narrowest > NARROWEST)
		str_format(out, "Too large for %zu KiB: ", picture->bytes_max >> 10);
	if (picture->dropped) {
		append_count(out, picture->dropped);
		str_format(out, " frames narrower than %g px and what they called are not drawn. ",
			   picture->narrowest);
	}
	if (flame->stacks->cut)
		str_format(out, "%.2f %% is in stacks deeper than %d frames, which end there. ",
			   share_pct(flame, flame->stacks->cut), FOLDED_DEPTH_MAX);
	str_format(out, "Width is %s; %s",
		   flame->stacks->unit == FOLDED_US ? picture->view->width : "how often",
		   picture->view->above);
}

static void append_end(struct picture *picture, int height)
{
	const struct flame *flame = picture->flame;
	struct str *out = picture->out;

	str_format(out, "<text class=\"notes\" x=\"%.0f\" y=\"%d\">", PAD, height - 13);
	append_notes(picture);
	str_format(out, "</text>\n<text class=\"notes\" id=\"tool\" x=\"%.0f\" y=\"%d\">triage ",
		   WIDTH - PAD, height - 13);
	append_text(out, flame->tool_version ? flame->tool_version : "");
	str_append(out, "</text>\n");
	append_head(picture);
	str_format(out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", flame_js);
}

static void draw_all(struct picture *picture)
{
	int height;

	picture->rows = 0;
	each_visible(picture, measure);
	picture->dropped = 0;
	height = HEAD + ROW * (int)picture->rows + FOOT;
	append_begin(picture, height);
	str_append(picture->out, "<g id=\"frames\">\n");
	each_visible(picture, draw);
	str_append(picture->out, "</g>\n");
	append_end(picture, height);
}

int flame_svg(const struct flame *flame, struct str *out)
{
	_cleanup_(str_free) struct str drawn = { 0 };
	struct picture picture = {
		.flame = flame,
		.view = flame_view_of(flame->stacks->view),
		.out = &drawn,
		.px = total(flame) ? (WIDTH - 2 * PAD) / (double)total(flame) : 0,
		.narrowest = NARROWEST,
		.bytes_max = flame->bytes_max ? flame->bytes_max : BYTES_MAX,
	};

	draw_all(&picture);
	while (drawn.len > picture.bytes_max && picture.narrowest < WIDTH && !drawn.failed) {
		picture.narrowest *= 2;
		str_clear(&drawn);
		draw_all(&picture);
	}
	str_append_bytes(out, drawn.data, str_error(&drawn) < 0 ? 0 : drawn.len);
	return str_error(&drawn) < 0 ? -ENOMEM : str_error(out);
}
