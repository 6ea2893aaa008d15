/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/flame_colour.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

/* Hue in degrees, saturation and lightness in percent; `spread` is how far shades lie apart. Orange
 * and blue are told apart by everybody; the rest differs from its neighbours in lightness as well. */
struct palette {
	double hue, hue_spread;
	double saturation;
	double lightness, lightness_spread;
};

static const struct palette palettes[FLAME_KINDS] = {
	[FLAME_GROUP] = { 216, 4, 20, 84, 2 },	   [FLAME_USER] = { 38, 7, 92, 67, 4 },
	[FLAME_LIBRARY] = { 150, 10, 38, 74, 4 },  [FLAME_KERNEL] = { 209, 6, 74, 74, 4 },
	[FLAME_INTERRUPT] = { 272, 8, 62, 80, 3 }, [FLAME_LOCK] = { 6, 5, 82, 70, 3 },
	[FLAME_OTHER] = { 0, 0, 0, 82, 2 },	   [FLAME_FAULT] = { 32, 6, 88, 70, 4 },
	[FLAME_HOT] = { 24, 10, 94, 68, 5 },	   [FLAME_COLD] = { 207, 9, 76, 74, 5 },
	[FLAME_WAKER] = { 146, 10, 46, 70, 5 },
};

/* A picture of waiting is blue, one of memory green, so that nobody takes it for one of work. */
static const struct {
	const char *view;
	enum flame_kind kind;
	struct palette palette;
} others[] = {
	{ "off-cpu", FLAME_USER, { 200, 7, 82, 66, 4 } },
	{ "off-cpu", FLAME_LIBRARY, { 176, 8, 42, 73, 4 } },
	{ "off-cpu", FLAME_KERNEL, { 228, 7, 68, 82, 3 } },
	{ "page-faults", FLAME_USER, { 96, 9, 54, 66, 4 } },
	{ "page-faults", FLAME_LIBRARY, { 150, 8, 36, 76, 4 } },
	{ "page-faults", FLAME_KERNEL, { 66, 6, 40, 78, 3 } },
};

static const struct palette *palette_of(const char *view, enum flame_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].kind == kind && strcmp(others[i].view, view) == 0)
			return &others[i].palette;
	return &palettes[kind];
}

/* FNV-1a */
static uint32_t hash(struct span name)
{
	uint32_t h = 2166136261U;

	for (; name.p < name.end; name.p++)
		h = (h ^ (unsigned char)*name.p) * 16777619U;
	return h ^ h >> 15;
}

/* From -1 to 1. */
static double spread(uint32_t bits)
{
	return (double)(bits & 0xff) / 127.5 - 1;
}

static double absolute(double x)
{
	return x < 0 ? -x : x;
}

static double clamp(double x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* One of red (phase 0), green (240) and blue (120) of a fully saturated hue, 0 to 1. */
static double channel(double hue, double phase)
{
	double at = hue + phase;

	at -= at >= 360 ? 360 : 0;
	return clamp(absolute(at - 180) / 60 - 1);
}

static unsigned byte_of(double hue, double phase, double saturation, double lightness)
{
	double chroma = (1 - absolute(2 * lightness - 1)) * saturation;

	return (unsigned)(255 * (lightness + (channel(hue, phase) - 0.5) * chroma) + 0.5);
}

void flame_colour(const char *view, enum flame_kind kind, struct span name,
		  char ret[FLAME_COLOUR_SIZE])
{
	const struct palette *palette = palette_of(view, kind);
	bool plain = name.p == name.end;
	uint32_t h = hash(name);
	double hue = palette->hue + (plain ? 0 : palette->hue_spread * spread(h));
	double lightness =
		palette->lightness + (plain ? 0 : palette->lightness_spread * spread(h >> 8));

	hue += hue < 0 ? 360 : 0;
	snprintf(ret, FLAME_COLOUR_SIZE, "#%02x%02x%02x",
		 byte_of(hue, 0, palette->saturation / 100, lightness / 100) & 0xff,
		 byte_of(hue, 240, palette->saturation / 100, lightness / 100) & 0xff,
		 byte_of(hue, 120, palette->saturation / 100, lightness / 100) & 0xff);
}
