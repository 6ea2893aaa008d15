/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence as JSON (evidence.json of a bundle) and back, without loss: numbers survive to the last
 * bit, unknown facts are absent. Known columns (rules/) are not written.
 *
 *   { "schema": "triage-evidence/1",
 *     "stages": { "vmstat": { "status": "ok", "duration_s": 1.0, "reason": ..., "fix": ... }, ... },
 *     "metrics": { "vmstat.r": 19, ... },
 *     "tables": { "top.groups": [ { "name": "sysbench", "threads": 20, ... }, ... ], ... },
 *     "caveats": [ "..." ] }
 */
#ifndef TRIAGE_EVIDENCE_JSON_H
#define TRIAGE_EVIDENCE_JSON_H

#include "evidence/evidence.h"

/* Appends the document to `out`; -ENOMEM. */
int evidence_to_json(const struct evidence *evidence, struct str *out);

/* Reads a document. Metrics, tables and columns that this version does not know are skipped (a
 * newer bundle) and said in a caveat; wrong types, wrong schemas, more than 100,000 rows and NUL
 * bytes are -EBADMSG with the place in `err`. `ret` must be freed by evidence_free(). */
int evidence_from_json(const char *text, size_t len, struct evidence **ret, struct err *err);

#endif
