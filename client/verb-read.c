/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* status, list, show, dismiss: what is answered by the monitor alone. */
#include <errno.h>

#include "client/diagnoses.h"
#include "client/output.h"
#include "client/status-intake.h"
#include "client/variant-json.h"
#include "client/verbs.h"
#include "daemon/core/diagnosis-json.h"
#include "daemon/core/diagnosis-text.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* --- list, show ----------------------------------------------------------- */

int verb_list(Session *session, char **arguments _unused_)
{
    const TextStyle style = {.color = session->color};
    _cleanup_json_ json_object *list = NULL;
    size_t shown = 0, n;
    int r = diagnoses_list(session, &list);

    if (r < 0)
        return r;
    if (session->json)
        return output_json(list);
    n = json_length(list);
    for (size_t i = 0; i < n; i++) {
        json_object *diagnosis = json_object_array_get_idx(list, i);

        if (!session->all && streq(json_get_text(diagnosis, "state"), "dismissed"))
            continue;
        diagnosis_print_line(stdout, diagnosis, &style);
        shown++;
    }
    if (shown == 0)
        (void)puts(n == 0 ? "Nothing: no denial and no refused operation of nginx was seen."
                          : "Nothing but what was dismissed (--all shows it).");
    return 0;
}

int verb_show(Session *session, char **arguments)
{
    const TextStyle style = {.color = session->color, .details = session->verbose};
    _cleanup_free_ char *path = NULL;
    _cleanup_json_ json_object *diagnosis = NULL;
    int r = diagnoses_find(session, arguments[0], &path);

    if (r >= 0)
        r = diagnoses_describe(session, path, &diagnosis);
    if (r < 0)
        return r;
    if (session->json)
        return output_json(diagnosis);
    diagnosis_print(stdout, diagnosis, &style);
    return 0;
}

/* --- dismiss ---------------------------------------------------------------- */

/* Those that are open, for --all. */
static int add_open(Session *session, char ***ids)
{
    _cleanup_json_ json_object *list = NULL;
    int r = diagnoses_list(session, &list);

    for (size_t i = 0; r >= 0 && i < json_length(list); i++) {
        json_object *diagnosis = json_object_array_get_idx(list, i);
        const char *state = json_get_text(diagnosis, "state");

        if (streq(state, "open") || streq(state, "recurred"))
            r = strv_append(ids, json_get_text(diagnosis, "id"));
    }
    return r;
}

static int print_dismissed(Session *session, char *const *ids)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *array = json_object_new_array();

    if (!session->json) {
        (void)printf("Dismissed: %zu\n", strv_length(ids));
        json_object_put(array);
        return 0;
    }
    for (size_t i = 0; ids && ids[i]; i++)
        (void)json_append(array, json_object_new_string(ids[i]));
    return object && json_add(object, "dismissed", array) >= 0 ? output_json(object) : -ENOMEM;
}

int verb_dismiss(Session *session, char **arguments)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    _cleanup_strv_ char **ids = NULL;
    int r = 0;

    if (session->all != !*arguments) {
        (void)fputs("Name diagnoses by their ids, or give --all for all that are open.\n", stderr);
        return EXIT_USAGE;
    }
    if (session->all)
        r = add_open(session, &ids);
    for (; *arguments && r >= 0; arguments++) {
        _cleanup_free_ char *path = NULL;

        r = diagnoses_find(session, *arguments, &path);
        if (r >= 0)
            r = strv_append(&ids, diagnosis_path_id(path));
    }
    if (r >= 0 && !ids)
        return print_dismissed(session, NULL);
    if (r >= 0)
        r = sd_bus_message_new_method_call(session->bus, &call, NGINX1_NAME, NGINX1_PATH,
                                           NGINX1_MANAGER, "Dismiss");
    if (r >= 0)
        r = sd_bus_message_append_strv(call, ids);
    if (r >= 0)
        r = sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = session_call(session, call, "dismiss", &reply);
    return r < 0 ? r : print_dismissed(session, ids);
}

/* --- status --------------------------------------------------------------- */

/* Anyone may read the properties; the statistics are for those polkit lets. */
static int get_properties(Session *session, json_object **ret_object)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    int r = sd_bus_message_new_method_call(session->bus, &call, NGINX1_NAME, NGINX1_PATH,
                                           "org.freedesktop.DBus.Properties", "GetAll");

    if (r >= 0)
        r = sd_bus_message_append(call, "s", NGINX1_MANAGER);
    if (r >= 0)
        r = session_call(session, call, "ask the monitor", &reply);
    return r < 0 ? r : variant_json_read(reply, ret_object);
}

static int get_statistics(Session *session, json_object **ret_object)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    /* Nobody is asked for a password over a status. */
    int r = sd_bus_set_allow_interactive_authorization(session->bus, false);

    if (r >= 0)
        r = sd_bus_call_method(session->bus, NGINX1_NAME, NGINX1_PATH, NGINX1_MANAGER,
                               "GetStatistics", NULL, &reply, "a{sv}", 0);
    (void)sd_bus_set_allow_interactive_authorization(session->bus, true);
    return r < 0 ? r : variant_json_read(reply, ret_object);
}

/* Whether the bus could start the remedy service; it is not started for that. */
static bool remedy_is_there(Session *session)
{
    static const char *const calls[] = {"ListActivatableNames", "ListNames"};

    for (size_t i = 0; i < ELEMENTS_OF(calls); i++) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_strv_ char **names = NULL;

        if (sd_bus_call_method(session->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", calls[i], NULL, &reply, NULL) >= 0 &&
            sd_bus_message_read_strv(reply, &names) >= 0 && strv_contains(names, REMEDY1_NAME))
            return true;
    }
    return false;
}

static void print_problems(json_object *properties, json_object *statistics)
{
    json_object *details = json_get(statistics, "problems");
    json_object *problems = details ? details : json_get(properties, "problems");

    for (size_t i = 0; problems && i < json_length(problems); i++) {
        json_object *problem = json_object_array_get_idx(problems, i);
        _cleanup_free_ char *sentence = escape_for_terminal(json_item_text(problem, 1));

        (void)printf("  problem   %s", strempty(sentence));
        if (details) {
            _cleanup_free_ char *detail = escape_for_terminal(json_item_text(problem, 2));

            (void)printf(" (%s)", strempty(detail));
        }
        (void)putchar('\n');
    }
}

static void print_logs(json_object *logs)
{
    for (size_t i = 0; logs && i < json_length(logs); i++) {
        json_object *log = json_object_array_get_idx(logs, i);
        _cleanup_free_ char *path = escape_for_terminal(json_item_text(log, 0));

        (void)printf("  %-9s %s (%s, %s lines)\n", i == 0 ? "logs" : "", strempty(path),
                     json_item_text(log, 1), json_item_text(log, 2));
    }
}

static void print_status(json_object *properties, json_object *statistics, bool remedy)
{
    (void)printf("nginx-selguard %s\n", json_get_text(properties, "version"));
    (void)printf("  SELinux   %s%s%s\n", json_get_text(properties, "selinux_mode"),
                 *json_get_text(properties, "policy") ? ", policy " : "",
                 json_get_text(properties, "policy"));
    (void)printf("  diagnoses %s, open: %s\n", json_get_text(properties, "diagnoses"),
                 json_get_text(properties, "open_diagnoses"));
    (void)printf("  denials   %s", json_get_text(properties, "denials"));
    if (json_object_get_uint64(json_get(properties, "loss_episodes")) > 0)
        (void)printf(", and lost some, times: %s", json_get_text(properties, "loss_episodes"));
    (void)putchar('\n');
    if (statistics) {
        (void)printf("  records   %s; denials to other domains: %s\n",
                     json_get_text(statistics, "records"),
                     json_get_text(statistics, "other_denials"));
        status_print_intake(statistics);
        print_logs(json_get(statistics, "logs"));
    }
    (void)printf("  remedy    %s\n", remedy ? "there" : "missing");
    print_problems(properties, statistics);
    if (!remedy)
        (void)puts("  problem   The remedy service is not installed: nothing can be applied.");
}

int verb_status(Session *session, char **arguments _unused_)
{
    _cleanup_json_ json_object *properties = NULL, *statistics = NULL;
    bool remedy;
    int r = get_properties(session, &properties);

    if (r < 0)
        return r;
    (void)get_statistics(session, &statistics);
    remedy = remedy_is_there(session);
    if (!session->json) {
        print_status(properties, statistics, remedy);
        return 0;
    }
    if (statistics)
        json_object_object_add(properties, "statistics", json_object_get(statistics));
    json_object_object_add(properties, "remedy", json_object_new_boolean(remedy));
    return output_json(properties);
}
