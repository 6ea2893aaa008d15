/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_data_tracefs.h"

#include "base/cleanup.h"
#include "base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES_MAX ((size_t)64 << 10)
#define TRACING_MAGIC "\x17\x08\x44tracing"

static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
static const char *const names[] = {
	"sched_switch",	      "sched_waking",	    "sched_wakeup",	  "sched_wakeup_new",
	"sched_process_fork", "sched_process_exit", "sched_migrate_task",
};

static int read_file(const char *folder, const char *name, struct str *ret)
{
	_cleanup_(cleanup_close) int fd = -1;
	char path[320], piece[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, piece, sizeof(piece))) > 0) {
		if (ret->len + (size_t)n > TEXT_BYTES_MAX)
			return -EFBIG;
		str_append_bytes(ret, piece, (size_t)n);
	}
	return n < 0 ? -errno : str_error(ret);
}

static int id_in(const struct str *text)
{
	struct span rest = span_make(str_text(text), text->len), line;
	uint64_t id;

	while (span_line(&rest, &line)) {
		if (!span_starts(line, "ID:"))
			continue;
		line.p += 3;
		return span_u64(&line, &id) && id <= UINT16_MAX ? (int)id : -1;
	}
	return -1;
}

/* An event that the kernel does not have is passed over. */
static int read_format(const char *folder, const char *name, struct tracefs_formats *formats)
{
	struct tracefs_format *format = &formats->list[formats->count];
	char file[64];
	int r;

	snprintf(file, sizeof(file), "sched/%s/format", name);
	r = read_file(folder, file, &format->text);
	if (r == 0)
		format->id = id_in(&format->text);
	if (r < 0 || format->id < 0) {
		str_free(&format->text);
		format->text = (struct str){ 0 };
		return r == -ENOENT || r == 0 ? 0 : r;
	}
	snprintf(format->name, sizeof(format->name), "%s", name);
	formats->count++;
	return 0;
}

/* sched_rings opens one of the two wakeups, this one only where the other is missing. */
static bool is_superseded(const char *name, const struct tracefs_formats *formats)
{
	bool waking = false;

	for (size_t i = 0; i < formats->count; i++)
		waking |= strcmp(formats->list[i].name, "sched_waking") == 0;
	return waking && strcmp(name, "sched_wakeup") == 0;
}

static int read_all(const char *folder, struct tracefs_formats *formats)
{
	int r = read_file(folder, "header_page", &formats->header_page);

	if (r == 0)
		r = read_file(folder, "header_event", &formats->header_event);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++)
		if (!is_superseded(names[i], formats))
			r = read_format(folder, names[i], formats);
	return r == 0 && !formats->count ? -ENOENT : r;
}

int tracefs_formats_read(const char *tracefs, struct tracefs_formats *ret, struct err *err)
{
	const char *place = tracefs ? tracefs : places[0];
	char folder[256];
	int r;

	snprintf(folder, sizeof(folder), "%s/events", place);
	if (!tracefs && access(folder, F_OK) < 0) {
		place = places[1];
		snprintf(folder, sizeof(folder), "%s/events", place);
	}
	r = read_all(folder, ret);
	return r < 0 ? err_set(err, r, "%s: %s", folder, strerror(-r)) : 0;
}

void tracefs_formats_free(struct tracefs_formats *formats)
{
	str_free(&formats->header_page);
	str_free(&formats->header_event);
	for (size_t i = 0; i < formats->count; i++)
		str_free(&formats->list[i].text);
	formats->count = 0;
}

int tracefs_formats_find(const struct tracefs_formats *formats, const void *raw, size_t len)
{
	uint16_t type;

	if (len < sizeof(type))
		return -1;
	memcpy(&type, raw, sizeof(type));
	for (size_t i = 0; i < formats->count; i++)
		if (formats->list[i].id == type)
			return (int)i;
	return -1;
}

static void append_u32(struct str *out, uint32_t value)
{
	str_append_bytes(out, (const char *)&value, sizeof(value));
}

static void append_text(struct str *out, const struct str *text)
{
	uint64_t len = text->len;

	str_append_bytes(out, (const char *)&len, sizeof(len));
	str_append_bytes(out, str_text(text), text->len);
}

void tracefs_formats_append(const struct tracefs_formats *formats, struct str *out)
{
	const uint16_t probe = 1;
	char sizes[2] = { *(const uint8_t *)&probe == 0, sizeof(long) };

	str_append_bytes(out, TRACING_MAGIC, sizeof(TRACING_MAGIC) - 1);
	str_append_bytes(out, "0.6", 4);
	str_append_bytes(out, sizes, sizeof(sizes));
	append_u32(out, (uint32_t)sysconf(_SC_PAGESIZE));
	str_append_bytes(out, "header_page", 12);
	append_text(out, &formats->header_page);
	str_append_bytes(out, "header_event", 13);
	append_text(out, &formats->header_event);
	append_u32(out, 0); /* of ftrace itself */
	append_u32(out, 1); /* systems */
	str_append_bytes(out, "sched", 6);
	append_u32(out, (uint32_t)formats->count);
	for (size_t i = 0; i < formats->count; i++)
		append_text(out, &formats->list[i].text);
	append_u32(out, 0);			    /* kallsyms */
	append_u32(out, 0);			    /* printk formats */
	append_text(out, &(const struct str){ 0 }); /* saved cmdlines */
}
