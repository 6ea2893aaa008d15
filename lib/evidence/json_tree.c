/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/json_tree.h"

#include "base/cleanup.h"
#include "base/json_text.h"

#include <errno.h>
#include <math.h>

void json_tree_freep(cJSON **tree)
{
	cJSON_Delete(*tree);
}

int json_tree_read(const char *text, size_t len, size_t values_max, cJSON **ret, struct err *err)
{
	_cleanup_(str_free) struct str copy = { 0 };
	const char *stopped = NULL;
	cJSON *tree;
	int r;

	r = json_text_check(text, len, values_max, err);
	if (r < 0)
		return r;
	/* a copy, because releases of cJSON have read a byte past a text without a NUL */
	str_append_bytes(&copy, text, len);
	if (str_error(&copy) < 0)
		return -ENOMEM;
	if (copy.len == 0)
		return err_set(err, -EBADMSG, "the file is empty");
	tree = cJSON_ParseWithLengthOpts(copy.data, copy.len + 1, &stopped, true);
	if (!tree)
		return err_set(err, -EBADMSG, "line %zu: not JSON",
			       json_text_line(copy.data,
					      stopped ? (size_t)(stopped - copy.data) : 0));
	*ret = tree;
	return 0;
}

bool json_tree_put(cJSON *object, const char *name, cJSON *item)
{
	if (item && cJSON_AddItemToObjectCS(object, name, item))
		return true;
	cJSON_Delete(item);
	return false;
}

bool json_tree_append(cJSON *array, cJSON *item)
{
	if (item && cJSON_AddItemToArray(array, item))
		return true;
	cJSON_Delete(item);
	return false;
}

cJSON *json_tree_number(double number)
{
	char text[32];
	int digits = 15;

	do
		snprintf(text, sizeof(text), "%.*g", digits, number);
	while (strtod(text, NULL) != number && ++digits <= 17);
	return cJSON_CreateRaw(text);
}

int json_tree_write(const cJSON *tree, struct str *out)
{
	char *text = tree ? cJSON_Print(tree) : NULL;

	if (!text)
		return -ENOMEM;
	str_append(out, text);
	str_append_char(out, '\n');
	cJSON_free(text);
	return str_error(out);
}

bool json_tree_u64(const cJSON *item, uint64_t max, uint64_t *ret_value)
{
	double number = cJSON_IsNumber(item) ? item->valuedouble : -1;

	if (!(number >= 0 && number <= (double)max && number == floor(number)))
		return false;
	*ret_value = (uint64_t)number;
	return true;
}
