/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <ini.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/site-rules.h"

typedef struct Reading {
    SiteRules rules;
    char *problem;
    int error;
} Reading;

void site_rules_clear(SiteRules *rules)
{
    rules->denied_booleans = strv_free(rules->denied_booleans);
}

static int reading_fail(Reading *reading, int error, char *problem)
{
    if (reading->error == 0) {
        reading->error = problem ? error : -ENOMEM;
        reading->problem = problem;
    } else
        free(problem);
    return 0; /* inih: an error, reported by line */
}

/* A handler of inih: 1 to go on. */
static int on_setting(void *userdata, const char *section, const char *name, const char *value)
{
    Reading *reading = userdata;
    _cleanup_strv_ char **patterns = NULL;

    if (!streq(section, "remedy"))
        return 1;
    if (!streq(name, "DeniedBooleans"))
        return reading_fail(reading, -EBADMSG,
                            format_string("[remedy] has no setting \"%s\"", name));
    patterns = strv_split(value, " \t\n");
    if (!patterns)
        return reading_fail(reading, -ENOMEM, NULL);
    if (strv_length(reading->rules.denied_booleans) + strv_length(patterns) >
        REMEDY_DENIED_BOOLEANS_MAX)
        return reading_fail(
            reading, -E2BIG,
            format_string("DeniedBooleans= has more than %u patterns", REMEDY_DENIED_BOOLEANS_MAX));
    STRV_FOREACH (pattern, patterns)
        if (strv_append(&reading->rules.denied_booleans, *pattern) < 0)
            return reading_fail(reading, -ENOMEM, NULL);
    return 1;
}

int site_rules_load(const char *path, SiteRules *ret_rules, char **ret_problem)
{
    _cleanup_fclose_ FILE *stream = NULL;
    Reading reading = {0};
    int line;

    stream = fopen(path, "re");
    if (!stream) {
        int error = -errno;

        if (error == -ENOENT) {
            *ret_rules = (SiteRules){0};
            return 0;
        }
        *ret_problem = format_string("%s cannot be read: %s", path, strerror(-error));
        return error;
    }

    line = ini_parse_file(stream, on_setting, &reading);
    if (line == 0 && !ferror(stream)) {
        *ret_rules = reading.rules;
        return 0;
    }
    if (reading.error == 0)
        reading.error = line == -2 ? -ENOMEM : -EBADMSG;
    *ret_problem = format_string("%s, line %d: %s", path, line,
                                 reading.problem ? reading.problem : "cannot be understood");
    free(reading.problem);
    site_rules_clear(&reading.rules);
    return reading.error;
}
