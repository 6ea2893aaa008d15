/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bundle/manifest.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "base/text.h"
#include "evidence/json_tree.h"

#include <errno.h>
#include <sha2.h>
#include <string.h>
#include <time.h>

#define SCHEMA "triage-bundle/1"
#define SCHEMA_FAMILY "triage-bundle/"
#define CREATED_FORMAT "%Y-%m-%dT%H:%M:%SZ"
#define DROPPED_MAX ((uint64_t)1 << 53)
/* a file is four values */
#define VALUES_MAX (8 * (size_t)BUNDLE_ENTRIES_MAX)

_Static_assert(SHA256_TEXT_SIZE == SHA256_DIGEST_STRING_LENGTH, "room for the digest as text");

void bundle_files_free(struct bundle_file_list *files)
{
	vec_each(file, files) {
		free(file->name);
		free(file->bytes);
	}
	vec_free(files);
}

static bool has_component(const char *name, const char *component)
{
	size_t len = strlen(component);

	for (const char *p = name;; p++) {
		const char *end = strchrnul(p, '/');

		if ((size_t)(end - p) == len && memcmp(p, component, len) == 0)
			return true;
		if (!*end)
			return false;
		p = end;
	}
}

const char *bundle_name_fault(const char *name)
{
	if (name[0] == '/' || has_component(name, ".."))
		return "leaves the bundle";
	if (has_component(name, "") || has_component(name, "."))
		return "has an empty part in its name";
	if (strlen(name) > BUNDLE_NAME_MAX)
		return "has a name that is too long";
	if (!text_is_printable(name, strlen(name)))
		return "has control characters in its name";
	return NULL;
}

void manifest_digest(struct bundle_file *file)
{
	SHA256Data((const uint8_t *)file->bytes, file->len, file->sha256);
}

/* ---- writing ---- */

static cJSON *write_file(const struct bundle_file *file)
{
	_cleanup_(json_tree_freep) cJSON *object = cJSON_CreateObject();
	bool ok = json_tree_put(object, "name", cJSON_CreateString(file->name)) &&
		  json_tree_put(object, "bytes", json_tree_number((double)file->len)) &&
		  json_tree_put(object, "sha256", cJSON_CreateString(file->sha256));

	return ok ? TAKE_PTR(object) : NULL;
}

static cJSON *write_files(const struct bundle_file_list *files)
{
	_cleanup_(json_tree_freep) cJSON *array = cJSON_CreateArray();
	bool ok = array;

	for (size_t i = 0; i < files->len && ok; i++)
		ok = json_tree_append(array, write_file(&files->data[i]));
	return ok ? TAKE_PTR(array) : NULL;
}

static cJSON *write_tool(const struct bundle_info *info)
{
	_cleanup_(json_tree_freep) cJSON *object = cJSON_CreateObject();
	bool ok = json_tree_put(object, "version", cJSON_CreateString(info->version));

	return ok ? TAKE_PTR(object) : NULL;
}

static cJSON *write_created(int64_t unix_s)
{
	time_t seconds = (time_t)unix_s;
	char text[64];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), CREATED_FORMAT, &tm))
		return cJSON_CreateString("1970-01-01T00:00:00Z");
	return cJSON_CreateString(text);
}

static cJSON *write_printable(const char *text)
{
	_cleanup_(str_free) struct str printable = { 0 };

	text_append_printable(&printable, text, strlen(text));
	return str_error(&printable) < 0 ? NULL : cJSON_CreateString(str_text(&printable));
}

int manifest_write(const struct bundle_info *info, const struct bundle_file_list *files,
		   struct str *out)
{
	_cleanup_(json_tree_freep) cJSON *root = cJSON_CreateObject();
	bool ok = json_tree_put(root, "schema", cJSON_CreateString(SCHEMA)) &&
		  json_tree_put(root, "tool", write_tool(info)) &&
		  json_tree_put(root, "host", write_printable(info->host)) &&
		  json_tree_put(root, "created", write_created(info->created_unix_s)) &&
		  json_tree_put(root, "dropped", json_tree_number((double)info->dropped)) &&
		  json_tree_put(root, "files", write_files(files));

	return ok ? json_tree_write(root, out) : -ENOMEM;
}

/* ---- reading ---- */

static int refuse(struct err *err, const char *what)
{
	return err_set(err, -EBADMSG, "manifest.json: %s", what);
}

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int check_schema(const char *schema, struct err *err)
{
	if (schema && strcmp(schema, SCHEMA) == 0)
		return 0;
	if (schema && strncmp(schema, SCHEMA_FAMILY, strlen(SCHEMA_FAMILY)) == 0)
		return err_set(err, -EBADMSG,
			       "made by another version of triage: schema %s, this one reads %s",
			       quote(schema).text, SCHEMA);
	return err_set(err, -EBADMSG, "not a triage bundle: manifest.json has schema %s, not %s",
		       quote(schema).text, SCHEMA);
}

static bool read_created(const char *text, int64_t *ret_unix_s)
{
	struct tm tm = { 0 };
	const char *end = text ? strptime(text, CREATED_FORMAT, &tm) : NULL;

	if (!end || *end)
		return false;
	*ret_unix_s = timegm(&tm);
	return true;
}

static bool is_digest(const char *text)
{
	return text && strlen(text) == SHA256_TEXT_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == SHA256_TEXT_SIZE - 1;
}

static int read_file(const cJSON *object, struct bundle_file_list *files, struct err *err)
{
	const char *name = text_of(object, "name");
	const char *sha256 = text_of(object, "sha256");
	const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(object, "bytes");
	struct bundle_file file = { 0 };
	const char *fault;
	uint64_t len;

	if (!name || !is_digest(sha256) || !json_tree_u64(bytes, UINT64_C(1) << 53, &len))
		return refuse(err, "a file without name, bytes or sha256");
	fault = bundle_name_fault(name);
	if (fault)
		return err_set(err, -EBADMSG, "entry %s %s; refused", quote(name).text, fault);
	if (len > BUNDLE_FILE_BYTES_MAX)
		return err_set(err, -E2BIG, "entry %s is larger than %zu MiB; refused",
			       quote(name).text, BUNDLE_FILE_BYTES_MAX >> 20);
	file.len = (size_t)len;
	strcpy(file.sha256, sha256);
	file.name = strdup(name);
	if (!file.name || vec_push(files, file) < 0) {
		free(file.name);
		return -ENOMEM;
	}
	return 0;
}

static int read_files(const cJSON *array, struct bundle_file_list *files, struct err *err)
{
	const cJSON *item;
	int r = 0;

	if (!cJSON_IsArray(array))
		return refuse(err, "files: an array is expected");
	cJSON_ArrayForEach(item, array) {
		if (files->len >= BUNDLE_ENTRIES_MAX)
			return err_set(err, -E2BIG, "more than %d entries; refused",
				       BUNDLE_ENTRIES_MAX);
		r = read_file(item, files, err);
		if (r < 0)
			break;
	}
	return r;
}

static int read_info(const cJSON *root, struct bundle_info *info, struct manifest_texts *texts,
		     struct err *err)
{
	const char *version = text_of(cJSON_GetObjectItemCaseSensitive(root, "tool"), "version");
	const char *host = text_of(root, "host");
	const cJSON *dropped = cJSON_GetObjectItemCaseSensitive(root, "dropped");

	if (!version || !host || !read_created(text_of(root, "created"), &info->created_unix_s) ||
	    !json_tree_u64(dropped, DROPPED_MAX, &info->dropped))
		return refuse(err, "tool.version, host, created or dropped is missing or wrong");
	texts->version = strdup(version);
	texts->host = strdup(host);
	if (!texts->version || !texts->host)
		return -ENOMEM;
	info->version = texts->version;
	info->host = texts->host;
	return 0;
}

int manifest_read(const char *text, size_t len, struct bundle_file_list *ret_files,
		  struct bundle_info *ret_info, struct manifest_texts *ret_texts, struct err *err)
{
	_cleanup_(json_tree_freep) cJSON *root = NULL;
	_cleanup_(bundle_files_free) struct bundle_file_list files = { 0 };
	struct manifest_texts texts = { 0 };
	struct bundle_info info = { 0 };
	int r;

	r = json_tree_read(text, len, VALUES_MAX, &root, err);
	if (r < 0)
		return r == -EBADMSG ? err_prefix(err, r, "manifest.json") : r;
	r = check_schema(text_of(root, "schema"), err);
	if (r == 0)
		r = read_files(cJSON_GetObjectItemCaseSensitive(root, "files"), &files, err);
	if (r == 0)
		r = read_info(root, &info, &texts, err);
	if (r < 0) {
		free(texts.version);
		free(texts.host);
		return r;
	}
	*ret_files = files;
	files = (struct bundle_file_list){ 0 };
	*ret_info = info;
	*ret_texts = texts;
	return 0;
}
