/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/syslog-prefix.h"

#include <stdio.h>

#include "daemon/core/macro.h"

/* d: a digit, D: a digit or a blank, a: a letter, all else itself. */
static bool has_shape(Slice text, const char *shape)
{
    size_t length = strlen(shape);

    if (text.length < length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text.start[i];
        bool digit = c >= '0' && c <= '9';

        if (shape[i] == 'd'   ? !digit
            : shape[i] == 'D' ? !digit && c != ' '
            : shape[i] == 'a' ? (c | 0x20) < 'a' || (c | 0x20) > 'z'
                              : c != shape[i])
            return false;
    }
    return true;
}

bool nginx_time_is_at(Slice text)
{
    return has_shape(text, "dddd/dd/dd dd:dd:dd ");
}

static bool skip_word(Slice *text)
{
    size_t end = slice_find(*text, 0, " ");

    if (end == 0 || end >= text->length)
        return false;
    *text = slice_from(*text, end + 1);
    return true;
}

/* "Nov  2 20:35:54 " */
static bool skip_bsd_time(Slice *text, SyslogPrefix *prefix)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    unsigned month;

    if (!has_shape(*text, "aaa Dd dd:dd:dd "))
        return false;
    for (month = 0; month < 12; month++)
        if (memcmp(text->start, months + month * 3, 3) == 0)
            break;
    if (month == 12)
        return false;
    (void)snprintf(prefix->time, sizeof(prefix->time), "0000/%02u/%c%c %.8s ", month + 1,
                   text->start[4] == ' ' ? '0' : text->start[4], text->start[5], text->start + 7);
    *text = slice_from(*text, 16);
    return true;
}

/* "2026-11-22T20:35:54.123456+01:00 " */
static bool skip_iso_time(Slice *text, SyslogPrefix *prefix)
{
    Slice zone;

    if (!has_shape(*text, "dddd-dd-ddTdd:dd:dd"))
        return false;
    (void)snprintf(prefix->time, sizeof(prefix->time), "%.4s/%.2s/%.2s %.8s ", text->start,
                   text->start + 5, text->start + 8, text->start + 11);
    zone = slice_from(*text, 19);
    if (slice_starts(zone, "."))
        for (zone = slice_from(zone, 1); zone.length > 0 && has_shape(zone, "d");)
            zone = slice_from(zone, 1);
    if (slice_starts(zone, "Z")) {
        prefix->has_offset = true;
    } else if (has_shape(zone, "+dd:dd") || has_shape(zone, "-dd:dd")) {
        int32_t minutes = ((zone.start[1] - '0') * 10 + zone.start[2] - '0') * 60 +
                          (zone.start[4] - '0') * 10 + zone.start[5] - '0';

        prefix->has_offset = true;
        prefix->utc_offset = (zone.start[0] == '-' ? -60 : 60) * minutes;
    }
    return skip_word(text);
}

/* "nginx: ", "nginx[351]: ". */
static bool skip_tag(Slice *text, SyslogPrefix *prefix)
{
    size_t end = slice_find(*text, 0, " ");
    Slice bracket;
    unsigned pid;

    if (end == 0 || end >= text->length || text->start[end - 1] != ':')
        return false;
    bracket = slice_part(*text, 0, end);
    bracket = slice_from(bracket, slice_find(bracket, 0, "["));
    if (slice_skip(&bracket, "[") && slice_skip_number(&bracket, &pid) &&
        slice_equals(bracket, "]:"))
        prefix->pid = (pid_t)pid;
    *text = slice_from(*text, end + 1);
    return true;
}

void syslog_prefix_skip(Slice *text, SyslogPrefix *ret_prefix)
{
    SyslogPrefix prefix = {};
    Slice rest = *text;
    unsigned priority;

    *ret_prefix = prefix;
    if (slice_skip(&rest, "<") && slice_skip_number(&rest, &priority) && slice_skip(&rest, ">"))
        *text = rest;
    rest = *text;
    if (nginx_time_is_at(rest) ||
        (!skip_bsd_time(&rest, &prefix) && !skip_iso_time(&rest, &prefix)))
        return;
    if (!skip_tag(&rest, &prefix) && (!skip_word(&rest) || !skip_tag(&rest, &prefix)))
        return;
    *text = rest;
    *ret_prefix = prefix;
}
