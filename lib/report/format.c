/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include <string.h>

/* JSON has one style. */
static int write_json(const struct report *report, const struct report_style *style,
		      struct str *out)
{
	return report_json(report, out);
}

const struct report_format report_formats[] = {
	{ "text", report_text }, { "json", write_json }, { "md", report_markdown },
	{ "html", report_html }, { NULL, NULL },
};

const struct report_format *report_format_by_name(const char *name)
{
	for (const struct report_format *format = report_formats; format->name; format++)
		if (strcmp(format->name, name) == 0)
			return format;
	return NULL;
}
