/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/policy/rebuild.h"

#include <sepol/kernel_to_cil.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/selinux/libsepol.h"

/* strv_append() looks for the end each time; a distribution's policy has 150,000 lines. */
static bool read_lines(FILE *stream, Source *source)
{
    size_t n = strv_length(source->lines), room = 0, size = 0;
    _cleanup_free_ char *line = NULL;

    while (getline(&line, &size, stream) >= 0) {
        if (n + 2 > room) {
            room = 2 * (n + 2);
            source->lines = reallocarray(source->lines, room, sizeof(*source->lines));
            if (!source->lines)
                abort();
        }
        source->lines[n++] = strdup(line);
        source->lines[n] = NULL;
    }
    return n > 0;
}

bool source_read(Source *source, const char *paths)
{
    _cleanup_strv_ char **list = strv_split(paths, " ");

    *source = (Source){};
    STRV_FOREACH (path, list) {
        _cleanup_fclose_ FILE *stream = fopen(*path, "re");

        if (!stream || !read_lines(stream, source))
            return false;
    }
    return source->lines != NULL;
}

bool source_from_image(Source *source, const char *path)
{
    sepol_policydb_t *policy = NULL;
    sepol_policy_file_t *file = NULL;
    _cleanup_fclose_ FILE *image = fopen(path, "re");
    _cleanup_fclose_ FILE *text = tmpfile();
    bool done = false;

    *source = (Source){};
    if (!image || !text || sepol_policydb_create(&policy) < 0 ||
        sepol_policy_file_create(&file) < 0)
        return false;
    sepol_policy_file_set_fp(file, image);
    if (sepol_policydb_read(policy, file) == 0 &&
        sepol_kernel_policydb_to_cil(text, &policy->p) == 0) {
        rewind(text);
        done = read_lines(text, source);
    }
    sepol_policy_file_free(file);
    sepol_policydb_free(policy);
    return done;
}

void source_clear(Source *source)
{
    source->lines = strv_free(source->lines);
}

bool source_set_boolean(Source *source, const char *name, bool value)
{
    _cleanup_free_ char *start = format_string("(boolean %s ", name);

    STRV_FOREACH (line, source->lines) {
        if (!starts_with(*line, start))
            continue;
        free(*line);
        *line = format_string("(boolean %s %s)\n", name, value ? "true" : "false");
        return true;
    }
    return false;
}

/* --- the plan ------------------------------------------------------------------ */

/* What becomes of a line: itself, another text, or nothing (""). The caller frees it. */
static char *edit_line(const char *line, const Plan *plan)
{
    for (size_t i = 0; i < plan->n_actions; i++) {
        const Action *action = &plan->actions[i];
        _cleanup_free_ char *start = NULL;

        if (action->kind == ACTION_SET_BOOLEAN)
            start = format_string("(boolean %s ", action->name);
        else if (action->kind == ACTION_SET_PORT && action->low == action->high)
            start = format_string("(portcon %s %u (", action->protocol, action->low);
        if (start && starts_with(line, start))
            return action->kind == ACTION_SET_BOOLEAN
                       ? format_string("%s%s)\n", start, action->value ? "true" : "false")
                       : strdup("");
    }
    return strdup(line);
}

static void append_actions(FILE *stream, const Plan *plan)
{
    for (size_t i = 0; i < plan->n_actions; i++) {
        const Action *action = &plan->actions[i];

        if (action->kind == ACTION_INSTALL_MODULE)
            (void)fputs(action->cil, stream);
        else if (action->kind == ACTION_SET_PORT)
            (void)fprintf(stream, "(portcon %s %u (system_u object_r %s ((s0) (s0))))\n",
                          action->protocol, action->low, action->type);
    }
}

bool source_compile(const Source *source, const Plan *plan, const char *image)
{
    _cleanup_free_ char *path = format_string("%s.cil", image);
    _cleanup_free_ char *command =
        format_string("%s -N -c 33 -f /dev/null -o %s %s", SECILC, image, path);
    FILE *stream = fopen(path, "we");
    bool compiled;

    if (!stream)
        return false;
    STRV_FOREACH (line, source->lines) {
        _cleanup_free_ char *edited = edit_line(*line, plan);

        (void)fputs(edited, stream);
    }
    append_actions(stream, plan);
    compiled = fclose(stream) == 0 && system(command) == 0;
    if (compiled)
        (void)unlink(path);
    return compiled;
}
