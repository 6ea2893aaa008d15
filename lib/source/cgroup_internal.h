/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by cgroup*.c only. */
#ifndef TRIAGE_SOURCE_CGROUP_INTERNAL_H
#define TRIAGE_SOURCE_CGROUP_INTERNAL_H

#include "base/str.h"
#include "source/cgroup.h"

/* The folder of a group under the root, without a trailing slash. -EINVAL: "..", or no path;
 * -ENOENT: not below the mount's top. */
int cgroup_folder(const struct cgroup_mount *mount, const char *group, struct str *ret);

/* A file of a group. A group that is removed while it is open is -ENOENT. */
int cgroup_read_file(struct procroot *root, const char *folder, const char *name, struct str *text);

#endif
