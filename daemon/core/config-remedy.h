/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The section [remedy] of selguard.conf: config.h has its keys. */
#pragma once

#include "daemon/core/config.h"

/* 0; -ENOENT for another key, -EINVAL for a value that does not fit, -E2BIG, -ENOMEM. */
int config_remedy_set(Config *config, const char *key, const char *value);
void config_remedy_clear(Config *config);
