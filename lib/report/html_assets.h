/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html.css as it was at build time (cmake/EmbedText.cmake); NUL-terminated. It holds no '<' and no '&'. */
#ifndef TRIAGE_REPORT_HTML_ASSETS_H
#define TRIAGE_REPORT_HTML_ASSETS_H

extern const char html_css[];

#endif
