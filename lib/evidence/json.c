/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/json.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "evidence/json_tree.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define SCHEMA "triage-evidence/1"
#define SCHEMA_FAMILY "triage-evidence/"
#define ROWS_MAX 100000
#define CAVEATS_MAX 1000
#define VALUES_MAX 2000000

static const char *const status_names[] = {
	[STAGE_UNAVAILABLE] = "unavailable",
	[STAGE_SKIPPED] = "skipped",
	[STAGE_DEGRADED] = "degraded",
	[STAGE_OK] = "ok",
};

/* ---- writing ---- */

static bool put_value(cJSON *object, const char *name, struct value value)
{
	if (value.kind == VALUE_NUMBER)
		return json_tree_put(object, name, json_tree_number(value.number));
	if (value.kind == VALUE_TEXT)
		return json_tree_put(object, name, cJSON_CreateString(value.text));
	return true;
}

static bool put_text(cJSON *object, const char *name, const char *text)
{
	return !text || json_tree_put(object, name, cJSON_CreateString(text));
}

static cJSON *write_stage(const struct stage_record *record)
{
	_cleanup_(json_tree_freep) cJSON *object = cJSON_CreateObject();
	bool ok = put_text(object, "status", status_names[record->status]);

	if (isfinite(record->duration_s) && record->duration_s > 0)
		ok = ok &&
		     json_tree_put(object, "duration_s", json_tree_number(record->duration_s));
	ok = ok && put_text(object, "reason", record->reason) &&
	     put_text(object, "fix", record->fix);
	return ok ? TAKE_PTR(object) : NULL;
}

static cJSON *write_stages(const struct evidence *evidence)
{
	_cleanup_(json_tree_freep) cJSON *object = cJSON_CreateObject();
	bool ok = true;

	for (int id = 0; id < STAGE_TOTAL && ok; id++)
		ok = json_tree_put(object, stage_name(id),
				   write_stage(evidence_stage(evidence, id)));
	return ok ? TAKE_PTR(object) : NULL;
}

static cJSON *write_metrics(const struct evidence *evidence)
{
	_cleanup_(json_tree_freep) cJSON *object = cJSON_CreateObject();
	bool ok = true;

	for (int id = 0; id < METRIC_TOTAL && ok; id++)
		ok = put_value(object, metric_info(id)->name, evidence_get(evidence, id));
	return ok ? TAKE_PTR(object) : NULL;
}

static cJSON *write_row(const struct evidence *evidence, enum table_id table, int row)
{
	_cleanup_(json_tree_freep) cJSON *object = cJSON_CreateObject();
	int first = table_info(table)->first;
	bool ok = true;

	for (int id = first; id < first + table_columns(table) && ok; id++)
		if (!column_info(id)->known)
			ok = put_value(object, column_info(id)->name,
				       evidence_cell(evidence, row, id));
	return ok ? TAKE_PTR(object) : NULL;
}

static cJSON *write_table(const struct evidence *evidence, enum table_id table)
{
	_cleanup_(json_tree_freep) cJSON *array = cJSON_CreateArray();
	bool ok = array;

	for (int row = 0; row < evidence_rows(evidence, table) && ok; row++)
		ok = json_tree_append(array, write_row(evidence, table, row));
	return ok ? TAKE_PTR(array) : NULL;
}

static cJSON *write_tables(const struct evidence *evidence)
{
	_cleanup_(json_tree_freep) cJSON *object = cJSON_CreateObject();
	bool ok = true;

	for (int id = 0; id < TABLE_TOTAL && ok; id++)
		if (evidence_has_table(evidence, id))
			ok = json_tree_put(object, table_info(id)->name, write_table(evidence, id));
	return ok ? TAKE_PTR(object) : NULL;
}

static cJSON *write_caveats(const struct evidence *evidence)
{
	_cleanup_(json_tree_freep) cJSON *array = cJSON_CreateArray();
	bool ok = array;

	for (size_t i = 0; i < evidence_caveats(evidence) && ok; i++)
		ok = json_tree_append(array, cJSON_CreateString(evidence_caveat(evidence, i)));
	return ok ? TAKE_PTR(array) : NULL;
}

int evidence_to_json(const struct evidence *evidence, struct str *out)
{
	_cleanup_(json_tree_freep) cJSON *root = cJSON_CreateObject();
	bool ok = put_text(root, "schema", SCHEMA) &&
		  json_tree_put(root, "stages", write_stages(evidence)) &&
		  json_tree_put(root, "metrics", write_metrics(evidence)) &&
		  json_tree_put(root, "tables", write_tables(evidence)) &&
		  json_tree_put(root, "caveats", write_caveats(evidence));

	return ok ? json_tree_write(root, out) : -ENOMEM;
}

/* ---- reading ---- */

struct reader {
	struct evidence *evidence;
	struct err *err;
	int rows;
	int unknown_names;
	const char *first_unknown; /* in the tree */
};

static int refuse(const struct reader *reader, const char *what)
{
	return err_set(reader->err, -EBADMSG, "%s", what);
}

/* Something that a newer version may have put there. */
static int skip(struct reader *reader, const char *name)
{
	if (reader->unknown_names++ == 0)
		reader->first_unknown = name;
	return 0;
}

/* For names that are known: scanning the object for each unknown one would be quadratic. */
static int check_once(const struct reader *reader, const cJSON *object, const cJSON *item)
{
	if (cJSON_GetObjectItemCaseSensitive(object, item->string) == item)
		return 0;
	return refuse(reader, "given twice");
}

/* Whether a text or a number stands where the catalogue has one. */
static int check_kind(const struct reader *reader, enum unit unit, struct value before,
		      const cJSON *item)
{
	if (before.kind != VALUE_UNKNOWN)
		return refuse(reader, "given twice");
	if (unit == UNIT_TEXT)
		return cJSON_IsString(item) ? 0 : refuse(reader, "a text is expected");
	if (!cJSON_IsNumber(item))
		return refuse(reader, "a number is expected");
	return isfinite(item->valuedouble) ? 0 : refuse(reader, "the number is too large");
}

static int read_metric(struct reader *reader, const cJSON *item)
{
	enum metric_id id = metric_by_name(item->string);
	int r;

	if (id == METRIC_NONE)
		return skip(reader, item->string);
	r = check_kind(reader, metric_info(id)->unit, evidence_get(reader->evidence, id), item);
	if (r < 0)
		return err_prefix(reader->err, r, "metrics, %s", metric_info(id)->name);
	if (cJSON_IsString(item))
		return evidence_set_text(reader->evidence, id, item->valuestring);
	return evidence_set(reader->evidence, id, item->valuedouble);
}

static int read_metrics(struct reader *reader, const cJSON *object)
{
	const cJSON *item;
	int r = 0;

	if (!cJSON_IsObject(object))
		return refuse(reader, "metrics: an object is expected");
	cJSON_ArrayForEach(item, object) {
		r = read_metric(reader, item);
		if (r < 0)
			break;
	}
	return r;
}

static int read_cell(struct reader *reader, enum table_id table, int row, const cJSON *item)
{
	enum column_id id = column_by_name(table, item->string);
	int r;

	if (id == COLUMN_NONE || column_info(id)->known)
		return skip(reader, item->string);
	r = check_kind(reader, column_info(id)->unit, evidence_cell(reader->evidence, row, id),
		       item);
	if (r < 0)
		return err_prefix(reader->err, r, "%s", column_info(id)->name);
	if (cJSON_IsString(item))
		return evidence_set_cell_text(reader->evidence, row, id, item->valuestring);
	return evidence_set_cell(reader->evidence, row, id, item->valuedouble);
}

static int read_row(struct reader *reader, enum table_id table, const cJSON *object)
{
	const cJSON *item;
	int row, r = 0;

	if (!cJSON_IsObject(object))
		return refuse(reader, "an object is expected");
	if (++reader->rows > ROWS_MAX)
		return refuse(reader, "too many rows");
	row = evidence_add_row(reader->evidence, table);
	if (row < 0)
		return row;
	cJSON_ArrayForEach(item, object) {
		r = read_cell(reader, table, row, item);
		if (r < 0)
			break;
	}
	return r;
}

static int read_table(struct reader *reader, const cJSON *array)
{
	enum table_id id = table_by_name(array->string);
	const cJSON *item;
	int r = 0;

	if (id == TABLE_NONE)
		return skip(reader, array->string);
	if (evidence_has_table(reader->evidence, id))
		r = refuse(reader, "given twice");
	else if (!cJSON_IsArray(array))
		r = refuse(reader, "an array is expected");
	if (r < 0)
		return err_prefix(reader->err, r, "tables, %s", table_info(id)->name);
	evidence_mark_table(reader->evidence, id);
	cJSON_ArrayForEach(item, array) {
		r = read_row(reader, id, item);
		if (r < 0)
			return err_prefix(reader->err, r, "tables, %s, row %d",
					  table_info(id)->name,
					  evidence_rows(reader->evidence, id));
	}
	return 0;
}

static int read_tables(struct reader *reader, const cJSON *object)
{
	const cJSON *item;
	int r = 0;

	if (!cJSON_IsObject(object))
		return refuse(reader, "tables: an object is expected");
	cJSON_ArrayForEach(item, object) {
		r = read_table(reader, item);
		if (r < 0)
			break;
	}
	return r;
}

static int read_status(struct reader *reader, const cJSON *item, enum stage_status *ret)
{
	for (size_t i = 0; cJSON_IsString(item) && i < ARRAY_SIZE(status_names); i++)
		if (strcmp(item->valuestring, status_names[i]) == 0) {
			*ret = (enum stage_status)i;
			return 0;
		}
	return refuse(reader, "status must be ok, degraded, skipped or unavailable");
}

static int read_duration(struct reader *reader, const cJSON *item, double *ret_s)
{
	if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble < 0)
		return refuse(reader, "duration_s must be a number of seconds");
	*ret_s = item->valuedouble;
	return 0;
}

static int read_sentence(struct reader *reader, const cJSON *item, const char **ret)
{
	if (!cJSON_IsString(item))
		return refuse(reader, "reason and fix must be texts");
	*ret = item->valuestring;
	return 0;
}

static int read_stage_field(struct reader *reader, const cJSON *item, struct stage_record *record)
{
	if (strcmp(item->string, "status") == 0)
		return read_status(reader, item, &record->status);
	if (strcmp(item->string, "duration_s") == 0)
		return read_duration(reader, item, &record->duration_s);
	if (strcmp(item->string, "reason") == 0)
		return read_sentence(reader, item, &record->reason);
	if (strcmp(item->string, "fix") == 0)
		return read_sentence(reader, item, &record->fix);
	return skip(reader, item->string);
}

static int read_stage_record(struct reader *reader, const cJSON *object,
			     struct stage_record *record)
{
	const cJSON *item;
	int r = 0, unknown_names;

	if (!cJSON_IsObject(object))
		return refuse(reader, "an object is expected");
	if (!cJSON_GetObjectItemCaseSensitive(object, "status"))
		return refuse(reader, "status is missing");
	cJSON_ArrayForEach(item, object) {
		unknown_names = reader->unknown_names;
		r = read_stage_field(reader, item, record);
		if (r == 0 && unknown_names == reader->unknown_names)
			r = check_once(reader, object, item);
		if (r < 0)
			break;
	}
	return r;
}

static int read_stage(struct reader *reader, const cJSON *stages, const cJSON *object)
{
	enum stage_id id = stage_by_name(object->string);
	struct stage_record record = { .status = STAGE_SKIPPED };
	int r;

	if (id == STAGE_TOTAL)
		return skip(reader, object->string);
	r = check_once(reader, stages, object);
	if (r == 0)
		r = read_stage_record(reader, object, &record);
	if (r < 0)
		return err_prefix(reader->err, r, "stages, %s", stage_name(id));
	return evidence_set_stage(reader->evidence, id, &record);
}

static int read_stages(struct reader *reader, const cJSON *object)
{
	const cJSON *item;
	int r = 0;

	if (!cJSON_IsObject(object))
		return refuse(reader, "stages: an object is expected");
	cJSON_ArrayForEach(item, object) {
		r = read_stage(reader, object, item);
		if (r < 0)
			break;
	}
	return r;
}

static int read_caveats(struct reader *reader, const cJSON *array)
{
	const cJSON *item;
	int count = 0, r = 0;

	if (!cJSON_IsArray(array))
		return refuse(reader, "caveats: an array is expected");
	cJSON_ArrayForEach(item, array) {
		if (!cJSON_IsString(item))
			return refuse(reader, "caveats: a text is expected");
		/* each is compared with all before it */
		if (++count > CAVEATS_MAX)
			return refuse(reader, "caveats: too many");
		r = evidence_add_caveat(reader->evidence, "%s", item->valuestring);
		if (r < 0)
			break;
	}
	return r;
}

static int read_schema(struct reader *reader, const cJSON *item)
{
	if (!cJSON_IsString(item))
		return refuse(reader, "not triage's evidence: it names no schema");
	if (strcmp(item->valuestring, SCHEMA) == 0)
		return 0;
	if (strncmp(item->valuestring, SCHEMA_FAMILY, strlen(SCHEMA_FAMILY)) == 0)
		return err_set(reader->err, -EBADMSG,
			       "made by another version of triage: schema %s, this one reads %s",
			       quote(item->valuestring).text, SCHEMA);
	return err_set(reader->err, -EBADMSG, "not triage's evidence: schema %s, not %s",
		       quote(item->valuestring).text, SCHEMA);
}

static int read_section(struct reader *reader, const cJSON *root, const cJSON *item)
{
	static const struct {
		const char *name;
		int (*read)(struct reader *reader, const cJSON *item);
	} sections[] = {
		{ "schema", read_schema }, { "stages", read_stages },	{ "metrics", read_metrics },
		{ "tables", read_tables }, { "caveats", read_caveats },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (strcmp(item->string, sections[i].name) != 0)
			continue;
		if (check_once(reader, root, item) < 0)
			return err_prefix(reader->err, -EBADMSG, "%s", sections[i].name);
		return sections[i].read(reader, item);
	}
	return skip(reader, item->string);
}

static int read_document(struct reader *reader, const cJSON *root)
{
	const cJSON *item;
	int r;

	if (!cJSON_IsObject(root))
		return refuse(reader, "not triage's evidence: an object is expected");
	r = read_schema(reader, cJSON_GetObjectItemCaseSensitive(root, "schema"));
	if (r < 0)
		return r;
	cJSON_ArrayForEach(item, root) {
		r = read_section(reader, root, item);
		if (r < 0)
			return r;
	}
	if (reader->unknown_names == 0)
		return 0;
	return evidence_add_caveat(reader->evidence,
				   "%d facts are left out because this version of triage does not "
				   "know them (the first: %s)",
				   reader->unknown_names, quote(reader->first_unknown).text);
}

int evidence_from_json(const char *text, size_t len, struct evidence **ret, struct err *err)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(json_tree_freep) cJSON *root = NULL;
	struct reader reader = { .err = err };
	int r;

	r = json_tree_read(text, len, VALUES_MAX, &root, err);
	if (r < 0)
		return r;
	r = evidence_new(&evidence);
	if (r < 0)
		return r;
	reader.evidence = evidence;
	r = read_document(&reader, root);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(evidence);
	return 0;
}
