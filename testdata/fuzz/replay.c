/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzzer over saved inputs without libFuzzer: every file named on the command line, and every file in a
 * folder that is named. Fails when nothing was found, so that a moved corpus is noticed.
 */
#include "base/cleanup.h"

#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay_file(const char *path, size_t size)
{
	_cleanup_(cleanup_fclose) FILE *file = fopen(path, "rb");
	/* Exactly as large as the input, so that the sanitizer sees the first byte past its end. */
	_cleanup_(cleanup_free) uint8_t *data = malloc(size ? size : 1);

	if (!file || !data)
		err(1, "%s", path);
	if (fread(data, 1, size, file) != size)
		errx(1, "%s: short read", path);
	LLVMFuzzerTestOneInput(data, size);
}

static int replay(const char *path);

static int replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (!folder)
		err(1, "%s", path);
	while ((entry = readdir(folder))) {
		char inner[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name) >=
		    (int)sizeof(inner))
			errx(1, "%s/%s: name too long", path, entry->d_name);
		count += replay(inner);
	}
	closedir(folder);
	return count;
}

static int replay(const char *path)
{
	struct stat info;

	if (stat(path, &info) < 0)
		err(1, "%s", path);
	if (S_ISDIR(info.st_mode))
		return replay_folder(path);
	replay_file(path, (size_t)info.st_size);
	return 1;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++)
		count += replay(argv[i]);
	if (!count)
		errx(1, "no inputs");
	printf("%d inputs replayed\n", count);
	return 0;
}
