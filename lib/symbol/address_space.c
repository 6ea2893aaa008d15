/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/address_space.h"
