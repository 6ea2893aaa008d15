/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flame.css and flame.js as they were at build time (cmake/EmbedText.cmake); NUL-terminated. */
#ifndef TRIAGE_REPORT_FLAME_ASSETS_H
#define TRIAGE_REPORT_FLAME_ASSETS_H

extern const char flame_css[];
extern const char flame_js[];

#endif
