/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command-line values that the daemon and `analyze` share. */
#pragma once

#include <stdint.h>

/* "+02:00", "-0330", "+5", "Z" -> seconds east of UTC. 0 or -EINVAL. */
int options_parse_utc_offset(const char *text, int32_t *ret_seconds);
