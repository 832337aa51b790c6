/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nginx tried, as it reads in a sentence. Pure. */
#pragma once

/* "load the certificate key /etc/…", "list the directory /srv/…", from the name that
 * nginx/error-message.h gives an operation and the object, which may be NULL. A name that is not
 * known is taken for that of a call: "complete xyz() on …". The caller frees it; NULL if out of
 * memory. */
char *operation_to_words(const char *operation, const char *object);
