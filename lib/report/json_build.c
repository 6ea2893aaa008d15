/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json_build.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void json_free(struct json *json)
{
	cJSON_Delete(json->root);
}

cJSON *json_checked(struct json *json, cJSON *item)
{
	if (!item)
		json->failed = true;
	return item;
}

/* A string that is well-formed and printable, or null. */
cJSON *json_text_item(struct json *json, const char *text)
{
	_cleanup_(str_free) struct str printable = { 0 };

	if (!text)
		return json_checked(json, cJSON_CreateNull());
	text_append_printable(&printable, text, strlen(text));
	if (str_error(&printable) < 0)
		json->failed = true;
	return json_checked(json, cJSON_CreateString(str_text(&printable)));
}

void json_put(struct json *json, cJSON *object, const char *key, cJSON *item)
{
	if (!cJSON_AddItemToObject(object, key, item)) {
		cJSON_Delete(item);
		json->failed = true;
	}
}

/* The item, or NULL when it could not be added and is gone. */
cJSON *json_push(struct json *json, cJSON *array, cJSON *item)
{
	if (cJSON_AddItemToArray(array, item))
		return item;
	cJSON_Delete(item);
	json->failed = true;
	return NULL;
}

cJSON *json_put_object(struct json *json, cJSON *parent, const char *key)
{
	return json_checked(json, cJSON_AddObjectToObject(parent, key));
}

cJSON *json_put_array(struct json *json, cJSON *parent, const char *key)
{
	return json_checked(json, cJSON_AddArrayToObject(parent, key));
}

cJSON *json_push_object(struct json *json, cJSON *array)
{
	return json_push(json, array, json_checked(json, cJSON_CreateObject()));
}

void json_put_text(struct json *json, cJSON *object, const char *key, const char *text)
{
	json_put(json, object, key, json_text_item(json, text));
}

/* null when it is not finite. */
void json_put_number(struct json *json, cJSON *object, const char *key, double number)
{
	json_put(json, object, key,
		 json_checked(json,
			      isfinite(number) ? cJSON_CreateNumber(number) : cJSON_CreateNull()));
}

void json_put_known_text(struct json *json, cJSON *object, const char *key, const char *text)
{
	if (text)
		json_put_text(json, object, key, text);
}

void json_put_known_number(struct json *json, cJSON *object, const char *key, double number)
{
	if (isfinite(number))
		json_put_number(json, object, key, number);
}

void json_put_value(struct json *json, cJSON *object, const char *key, struct value value)
{
	if (value.kind == VALUE_TEXT)
		json_put_text(json, object, key, value.text);
	else
		json_put_number(json, object, key, value.kind == VALUE_NUMBER ? value.number : NAN);
}

void json_put_strings(struct json *json, cJSON *object, const char *key,
		      const struct strings *strings)
{
	cJSON *array = json_put_array(json, object, key);

	vec_each(text, strings)
		json_push(json, array, json_text_item(json, *text));
}

/* "417 418" as numbers; PIDs end at 2^22, so a double holds them. */
static void put_pids(struct json *json, cJSON *object, const char *text)
{
	cJSON *array = json_put_array(json, object, "pids");
	struct span rest = span_of(text ? text : "");
	uint64_t pid;

	while (rest.p < rest.end)
		if (span_u64(&rest, &pid))
			json_push(json, array, json_checked(json, cJSON_CreateNumber((double)pid)));
		else
			rest.p++;
}

void json_put_subject(struct json *json, cJSON *object, const struct subject *subject)
{
	cJSON *item = json_put_object(json, object, "subject");

	json_put_text(json, item, "kind", subject->kind);
	json_put_text(json, item, "name", subject->name);
	json_put_known_text(json, item, "program", subject->program);
	json_put_known_text(json, item, "thread", subject->thread);
	json_put_known_number(json, item, "threads", subject->threads);
	json_put_known_number(json, item, "processes", subject->processes);
	put_pids(json, item, subject->pids);
}

int json_print(const struct json *json, struct str *out)
{
	_cleanup_(cleanup_free) char *text = NULL;
	size_t len;

	text = json->failed || !json->root ? NULL : cJSON_Print(json->root);
	if (!text)
		return -ENOMEM;
	len = strlen(text);
	text[len] = '\n'; /* in the place of the NUL: the str brings its own */
	str_append_bytes(out, text, len + 1);
	return str_error(out);
}
