/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/evidence.h"

#include <inttypes.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static void print_quoted(FILE *stream, const char *key, const char *text)
{
    if (text)
        (void)fprintf(stream, " %s=\"%s\"", key, text);
}

static void print_number(FILE *stream, const char *key, int64_t number, bool present)
{
    if (present)
        (void)fprintf(stream, " %s=%" PRId64, key, number);
}

char *evidence_of_denial(const Denial *denial)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    bool failed;

    if (!stream)
        return NULL;
    (void)fprintf(stream, "audit(%" PRIu64 ".%03u:%" PRIu64 "): avc:  denied  { %s } for ",
                  denial->time_usec / USEC_PER_SEC,
                  (unsigned)(denial->time_usec % USEC_PER_SEC / USEC_PER_MSEC), denial->serial,
                  denial->permissions);
    print_number(stream, "pid", denial->pid, denial->pid != 0);
    print_quoted(stream, "comm", denial->comm);
    print_quoted(stream, "path", denial->path);
    print_quoted(stream, "name", denial->name);
    print_quoted(stream, "dev", denial->device);
    print_number(stream, "ino", (int64_t)denial->inode, denial->inode != 0);
    print_number(stream, "src", denial->source_port, denial->source_port >= 0);
    print_number(stream, "dest", denial->dest_port, denial->dest_port >= 0);
    print_number(stream, "capability", denial->capability, denial->capability >= 0);
    (void)fprintf(stream, " scontext=%s tcontext=%s tclass=%s permissive=%d",
                  denial->source_context, denial->target_context, denial->target_class,
                  denial->permissive);
    print_quoted(stream, "exe", denial->exe);
    print_quoted(stream, "saddr", denial->saddr);
    failed = ferror(stream);
    if (fclose(stream) != 0 || failed)
        return NULL;
    return escape_for_terminal(text);
}
