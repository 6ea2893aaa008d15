/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cpu_samples.h"
