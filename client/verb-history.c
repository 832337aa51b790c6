/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* history: who changed what, when, why, and what came of it. */
#include <errno.h>

#include "client/output.h"
#include "client/variant-json.h"
#include "client/verbs.h"
#include "daemon/core/json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static void print_line(const char *label, const char *text)
{
    if (!*text)
        return;
    (void)printf("    %-10s ", label);
    output_escaped(stdout, text);
    (void)putchar('\n');
}

/* Who asked for it later, when and why. */
static void print_step(const char *label, const char *time, const char *user, const char *reason)
{
    (void)printf("    %-10s %s by ", label, time);
    output_escaped(stdout, user);
    if (*reason) {
        (void)fputs(": ", stdout);
        output_escaped(stdout, reason);
    }
    (void)putchar('\n');
}

static void print_steps(json_object *change)
{
    if (json_get(change, "keep_time"))
        print_step(streq(json_get_text(change, "trial"), "kept") ? "kept" : "to be kept",
                   json_get_text(change, "keep_time"), json_get_text(change, "keep_user"),
                   json_get_text(change, "keep_reason"));
    if (json_get(change, "revert_time"))
        print_step("reverted", json_get_text(change, "revert_time"),
                   json_get_text(change, "revert_user"), json_get_text(change, "revert_reason"));
}

static void print_change(json_object *change)
{
    json_object *words = json_get(change, "words");
    const char *diagnosis = json_get_text(change, "diagnosis_id");
    const char *state = json_get_text(change, "state");

    (void)printf("%-3s %s  %s", json_get_text(change, "id"), json_get_text(change, "time"), state);
    if (*json_get_text(change, "result") && !streq(state, json_get_text(change, "result")))
        (void)printf(", %s", json_get_text(change, "result"));
    (void)fputs("  by ", stdout);
    output_escaped(stdout, json_get_text(change, "user"));
    (void)putchar('\n');
    for (size_t i = 0; i < json_length(words); i++)
        print_line(i == 0 ? "what" : "", json_item_text(words, i));
    if (*diagnosis)
        (void)printf("    %-10s diagnosis %.8s\n", "for", diagnosis);
    print_line("reason", json_get_text(change, "reason"));
    print_line("outcome", json_get_text(change, "message"));
    if (streq(json_get_text(change, "trial"), "running"))
        print_line("trial till", json_get_text(change, "trial_until"));
    print_steps(change);
    if (json_object_get_boolean(json_get(change, "revertible")))
        (void)printf("    %-10s selguardctl revert %s\n", "take back", json_get_text(change, "id"));
    else if (streq(state, "applied"))
        print_line("fixed", json_get_text(change, "obstacle"));
}

int verb_history(Session *session, char **arguments _unused_)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    _cleanup_json_ json_object *changes = NULL;
    int r = sd_bus_message_new_method_call(session->bus, &call, REMEDY1_NAME, REMEDY1_PATH,
                                           REMEDY1_MANAGER, "ListChanges");

    if (r >= 0)
        r = sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = session_call(session, call, "list the changes", &reply);
    if (r >= 0)
        r = variant_json_read(reply, &changes);
    if (r < 0)
        return r;
    if (session->json)
        return output_json(changes);
    if (json_length(changes) == 0)
        (void)puts("No change was made so far.");
    for (size_t i = 0; i < json_length(changes); i++)
        print_change(json_object_array_get_idx(changes, i));
    return 0;
}
