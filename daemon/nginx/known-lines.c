/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/known-lines.h"

#include <string.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

_Static_assert((NGINX_KNOWN_LINES & (NGINX_KNOWN_LINES - 1)) == 0, "the hash is masked");
_Static_assert(NGINX_KNOWN_TEXT_MAX <= UINT16_MAX, "lengths have two bytes");

void known_lines_init(KnownLines *known)
{
    memset(known->lengths, 0, sizeof(known->lengths));
    memset(known->passed, 0, sizeof(known->passed));
}

int known_lines_find(KnownLines *known, const char *text, size_t length, const KnownLine **ret_line)
{
    const KnownLine *line;
    uint64_t hash;
    size_t place;
    bool again;

    *ret_line = NULL;
    if (length == 0 || length > NGINX_KNOWN_TEXT_MAX)
        return -1;
    hash = hash_text(text, length);
    place = hash & (NGINX_KNOWN_LINES - 1);
    line = &known->lines[place];
    if (known->lengths[place] == length && memcmp(line->text, text, length) == 0) {
        *ret_line = line;
        return (int)place;
    }
    again = known->passed[place] == hash;
    known->passed[place] = hash;
    return again ? (int)place : -1;
}

static void move(const char **field, const char *from, const char *to)
{
    if (*field)
        *field = to + (*field - from);
}

void known_lines_put(KnownLines *known, int place, const char *text, size_t length,
                     const Failure *failure, const char *fields, size_t used, bool opens)
{
    KnownLine *line = &known->lines[place];
    Failure *kept = &line->failure;
    const char **const texts[] = {
        &kept->operation, &kept->target, &kept->address,  &kept->phase,
        &kept->client,    &kept->server, &kept->request,  &kept->subrequest,
        &kept->upstream,  &kept->host,   &kept->referrer,
    };

    known->lengths[place] = 0;
    if (failure && used > sizeof(line->fields))
        return;
    known->lengths[place] = (uint16_t)length;
    memcpy(line->text, text, length);
    line->is_failure = failure;
    line->opens = opens;
    if (!failure)
        return;
    memcpy(line->fields, fields, used);
    *kept = *failure;
    for (size_t i = 0; i < ELEMENTS_OF(texts); i++)
        move(texts[i], fields, line->fields);
}

void known_line_copy(const KnownLine *line, Failure *failure)
{
    const Failure before = *failure;

    *failure = line->failure;
    failure->time_usec = before.time_usec;
    failure->time_known = before.time_known;
    failure->level = before.level;
    failure->pid = before.pid;
    failure->connection = before.connection;
    failure->on_stderr = before.on_stderr;
    failure->log_path = before.log_path;
    failure->line = before.line;
    failure->ambiguous |= before.ambiguous;
}
