/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/journal.h"

#include <stdarg.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "daemon/core/text.h"

static void add_field(char **fields, struct iovec *vectors, int *n, char *field)
{
    if (!field)
        return; /* out of memory: the line goes without it */
    fields[*n] = field;
    vectors[*n] = (struct iovec){.iov_base = field, .iov_len = strlen(field)};
    (*n)++;
}

void journal_log(int priority, const char *message_id, const char *diagnosis, const char *format,
                 ...)
{
    _cleanup_free_ char *message = NULL, *escaped = NULL;
    struct iovec vectors[4];
    char *fields[4];
    va_list arguments;
    int n = 0, length;

    va_start(arguments, format);
    length = vasprintf(&message, format, arguments);
    va_end(arguments);
    if (length < 0) {
        message = NULL;
        return;
    }
    escaped = escape_for_terminal(message);
    if (!escaped)
        return;
    if (!getenv("JOURNAL_STREAM")) {
        (void)fprintf(stderr, "nginx-selguard: %s\n", escaped);
        return;
    }
    add_field(fields, vectors, &n, format_string("MESSAGE=%s", escaped));
    add_field(fields, vectors, &n, format_string("PRIORITY=%d", priority));
    if (message_id)
        add_field(fields, vectors, &n, format_string("MESSAGE_ID=%s", message_id));
    if (diagnosis)
        add_field(fields, vectors, &n, format_string("SELGUARD_DIAGNOSIS=%s", diagnosis));
    (void)sd_journal_sendv(vectors, n);
    for (int i = 0; i < n; i++)
        free(fields[i]);
}
