/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/program.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* Beginnings of names: versions and variants follow ("php-fpm8.2", "python3.9"). Names that are
 * whole end with a '.', which none of the programs has there. */
static const struct {
    const char *name;
    ProgramKind kind;
} names[] = {
    {"nginx", PROGRAM_NGINX},       {"openresty", PROGRAM_NGINX},  {"angie", PROGRAM_NGINX},
    {"php", PROGRAM_PHP},           {"httpd", PROGRAM_APACHE},     {"apache2", PROGRAM_APACHE},
    {"rotatelogs", PROGRAM_APACHE}, {"suexec", PROGRAM_APACHE},    {"fcgiwrap", PROGRAM_HELPER},
    {"uwsgi", PROGRAM_HELPER},      {"gunicorn", PROGRAM_HELPER},  {"spawn-fcgi", PROGRAM_HELPER},
    {"passenger", PROGRAM_HELPER},  {"Passenger", PROGRAM_HELPER}, {"unitd", PROGRAM_HELPER},
    {"thin.", PROGRAM_HELPER},      {"unicorn", PROGRAM_HELPER},   {"puma", PROGRAM_HELPER},
    {"node.", PROGRAM_HELPER},      {"java.", PROGRAM_HELPER},     {"ruby", PROGRAM_HELPER},
    {"sh.", PROGRAM_SHELL},         {"bash.", PROGRAM_SHELL},      {"dash.", PROGRAM_SHELL},
    {"ash.", PROGRAM_SHELL},        {"ksh", PROGRAM_SHELL},        {"zsh", PROGRAM_SHELL},
    {"csh.", PROGRAM_SHELL},        {"tcsh.", PROGRAM_SHELL},      {"fish.", PROGRAM_SHELL},
    {"busybox", PROGRAM_SHELL},     {"nc.", PROGRAM_SHELL},        {"ncat", PROGRAM_SHELL},
    {"socat", PROGRAM_SHELL},       {"curl.", PROGRAM_SHELL},      {"wget.", PROGRAM_SHELL},
    {"id.", PROGRAM_SHELL},         {"whoami.", PROGRAM_SHELL},    {"su.", PROGRAM_SHELL},
    {"sudo.", PROGRAM_SHELL},
};

static bool is_named(const char *name, const char *pattern)
{
    size_t length = strlen(pattern);

    if (pattern[length - 1] == '.')
        return strlen(name) == length - 1 && strncmp(name, pattern, length - 1) == 0;
    return strncmp(name, pattern, length) == 0;
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

ProgramKind program_of_name(const char *name)
{
    if (!name || !*name)
        return PROGRAM_UNKNOWN;
    name = last_component(name);
    for (size_t i = 0; i < ELEMENTS_OF(names); i++)
        if (is_named(name, names[i].name))
            return names[i].kind;
    return PROGRAM_OTHER;
}

const char *program_name(const Diagnosis *diagnosis)
{
    if (diagnosis->exe && *diagnosis->exe)
        return last_component(diagnosis->exe);
    return strempty(diagnosis->program);
}

ProgramKind program_of_diagnosis(const Diagnosis *diagnosis)
{
    /* Without a denial there is nginx's line alone. */
    if (!diagnosis->denied)
        return PROGRAM_NGINX;
    return program_of_name(program_name(diagnosis));
}

static const char *remark_of_kind(ProgramKind kind)
{
    switch (kind) {
    case PROGRAM_PHP:
        return "both run in this domain. What it may reach is a matter of its own pool and of the "
               "application, not of nginx's configuration.";
    case PROGRAM_APACHE:
        return "both run in this domain, and Apache has a configuration of its own.";
    case PROGRAM_HELPER:
        return "an application server or helper that runs in the same domain.";
    case PROGRAM_OTHER:
        return "a program that runs in the same domain. Is it meant to?";
    case PROGRAM_SHELL:
    case PROGRAM_NGINX:
    case PROGRAM_UNKNOWN:
        break;
    }
    return NULL;
}

int program_remark(const Diagnosis *diagnosis, char **ret_text)
{
    const char *remark = remark_of_kind(program_of_diagnosis(diagnosis));

    *ret_text = remark ? format_string("It was %s that was denied, not nginx: %s",
                                       program_name(diagnosis), remark)
                       : NULL;
    return remark && !*ret_text ? -ENOMEM : 0;
}
