/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* watch: prints each diagnosis as it appears or changes, until interrupted. */
#include <errno.h>

#include "client/diagnoses.h"
#include "client/verbs.h"
#include "daemon/core/diagnosis-json.h"
#include "daemon/core/diagnosis-text.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

typedef struct Watch {
    bool changed;
} Watch;

static int on_signal(sd_bus_message *message _unused_, void *userdata,
                     sd_bus_error *ret_error _unused_)
{
    Watch *watch = userdata;

    watch->changed = true;
    return 0;
}

static json_object *find_by_id(json_object *list, const char *id)
{
    for (size_t i = 0; list && i < json_length(list); i++) {
        json_object *item = json_object_array_get_idx(list, i);

        if (streq(json_get_text(item, "id"), id))
            return item;
    }
    return NULL;
}

/* Prints what is new in `list` against `before` (may be NULL). */
static void print_changes(Session *session, json_object *before, json_object *list)
{
    const TextStyle style = {.color = session->color};

    for (size_t i = 0; i < json_length(list); i++) {
        json_object *item = json_object_array_get_idx(list, i);
        json_object *old = find_by_id(before, json_get_text(item, "id"));

        if (old && json_object_equal(old, item))
            continue;
        if (session->json)
            (void)puts(json_object_to_json_string_ext(item, JSON_C_TO_STRING_PLAIN));
        else
            diagnosis_print_line(stdout, item, &style);
    }
    (void)fflush(stdout);
}

int verb_watch(Session *session, char **arguments _unused_)
{
    Watch watch = {.changed = true};
    _cleanup_json_ json_object *before = NULL;
    int r =
        sd_bus_add_match(session->bus, NULL,
                         "type='signal',sender='" NGINX1_NAME "',path_namespace='" NGINX1_PATH "'",
                         on_signal, &watch);

    while (r >= 0) {
        if (watch.changed) {
            json_object *list = NULL;

            watch.changed = false;
            r = diagnoses_list(session, &list);
            if (r < 0)
                break;
            print_changes(session, before, list);
            json_object_put(before);
            before = list;
        }
        r = sd_bus_process(session->bus, NULL);
        if (r == 0)
            r = sd_bus_wait(session->bus, UINT64_MAX);
    }
    return r;
}
