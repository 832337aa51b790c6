/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A diagnosis as JSON, both ways in which it comes from elsewhere: what the analysis worker
 * sends to the monitor, and what the client prints.
 */
#include <errno.h>
#include <json-c/json_tokener.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/diagnosis-text.h"
#include "daemon/core/text.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static char *to_text(const Diagnosis *diagnosis)
{
    _cleanup_json_ json_object *object = NULL;
    char *text;

    require(diagnosis_to_json(diagnosis, &object) == 0);
    text = strdup(json_object_to_json_string(object));
    require(text != NULL);
    return text;
}

static void check_fix(const Fix *fix)
{
    require(fix->summary && fix->plan.n_actions <= PLAN_ACTIONS_MAX);
    for (size_t i = 0; i < fix->plan.n_actions; i++) {
        _cleanup_free_ char *command = action_to_command(&fix->plan.actions[i]);
        _cleanup_free_ char *words = action_to_words(&fix->plan.actions[i]);

        require(command && words);
    }
}

static void check_reading(json_object *object)
{
    Diagnosis *diagnosis = diagnosis_new();
    _cleanup_free_ char *before = NULL, *after = NULL;
    int r;

    require(diagnosis && string_replace(&diagnosis->summary, "as it was") == 0);
    before = to_text(diagnosis);
    r = diagnosis_read_analysis(diagnosis, object);
    after = to_text(diagnosis);
    if (r < 0) {
        require(r == -EBADMSG && streq(before, after));
    } else {
        require(diagnosis->summary && diagnosis->n_fixes <= DIAGNOSIS_FIXES_MAX);
        for (size_t i = 0; i < diagnosis->n_fixes; i++)
            check_fix(&diagnosis->fixes[i]);
    }
    diagnosis_free(diagnosis);
}

/* Nothing in it may act on a terminal. */
static void check_printing(json_object *object, bool details)
{
    const TextStyle style = {.details = details};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    require(stream != NULL);
    diagnosis_print(stream, object, &style);
    diagnosis_print_line(stream, object, &style);
    (void)fclose(stream);
    for (size_t i = 0; i < size; i++)
        require((unsigned char)text[i] >= ' ' || text[i] == '\n');
    require(utf8_is_valid(text));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_json_ json_object *object = NULL;
    _cleanup_free_ char *text = strndup((const char *)data, size);

    if (!text)
        return 0;
    object = json_tokener_parse(text);
    if (!object)
        return 0;
    check_reading(object);
    check_printing(object, /* details= */ false);
    check_printing(object, /* details= */ true);
    return 0;
}
