/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A JSON document under construction (cJSON). Failing to allocate is sticky: the adders go on with NULL, which cJSON takes, and
 * `failed` is looked at once, at the end. All text is made printable (base/text.h) on its way in.
 */
#ifndef TRIAGE_REPORT_JSON_BUILD_H
#define TRIAGE_REPORT_JSON_BUILD_H

#include "rule/judge.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct json {
	cJSON *root;
	bool failed;
};

void json_free(struct json *json);
cJSON *json_checked(struct json *json, cJSON *item);

/* A string, or null. */
cJSON *json_text_item(struct json *json, const char *text);

void json_put(struct json *json, cJSON *object, const char *key, cJSON *item);

/* The item, or NULL when it could not be added and is gone. */
cJSON *json_push(struct json *json, cJSON *array, cJSON *item);
cJSON *json_push_object(struct json *json, cJSON *array);
cJSON *json_put_object(struct json *json, cJSON *parent, const char *key);
cJSON *json_put_array(struct json *json, cJSON *parent, const char *key);

void json_put_text(struct json *json, cJSON *object, const char *key, const char *text);

/* null when it is not finite. */
void json_put_number(struct json *json, cJSON *object, const char *key, double number);

/* Nothing when it is not known. */
void json_put_known_text(struct json *json, cJSON *object, const char *key, const char *text);
void json_put_known_number(struct json *json, cJSON *object, const char *key, double number);

void json_put_value(struct json *json, cJSON *object, const char *key, struct value value);
void json_put_strings(struct json *json, cJSON *object, const char *key,
		      const struct strings *strings);
void json_put_subject(struct json *json, cJSON *object, const struct subject *subject);

/* Appends the document and a newline. -ENOMEM, also when anything failed before. */
int json_print(const struct json *json, struct str *out);

#endif
