/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/thread.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
	return c && strchr("#-_/: .", c);
}

/* The length without a trailing index; the whole length when nothing would be left. */
static size_t stem_length(const char *comm, bool bare_index)
{
	size_t whole = strlen(comm), len = whole;

	while (len > 0 && is_digit(comm[len - 1]))
		len--;
	if (len == whole || len == 0)
		return whole;
	if (is_separator(comm[len - 1]) && comm[len - 1] != '.')
		len--;
	else if (!bare_index || comm[len - 1] == '.')
		return whole;
	return len ? len : whole;
}

/* "kworker/u8:2-events_unbound", "kworker/0:1H+mm_percpu_wq": the pool and the number say nothing,
 * the work does. */
static bool stem_kworker(const char *comm, char stem[THREAD_NAME_MAX])
{
	static const char prefix[] = "kworker/";
	const char *work;

	if (strncmp(comm, prefix, sizeof(prefix) - 1) != 0)
		return false;
	work = strpbrk(comm, "-+");
	snprintf(stem, THREAD_NAME_MAX, "kworker%s%s", work ? "-" : "", work ? work + 1 : "");
	return true;
}

void thread_stem(const char *comm, const char *program, bool kernel, char stem[THREAD_NAME_MAX])
{
	bool bare_index = kernel || strcmp(comm, program) != 0;

	if (kernel && stem_kworker(comm, stem))
		return;
	snprintf(stem, THREAD_NAME_MAX, "%.*s", (int)stem_length(comm, bare_index), comm);
}
