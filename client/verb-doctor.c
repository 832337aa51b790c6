/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doctor: is everything in place? Each check says what to do about it. Changes nothing. */
#include <errno.h>
#include <grp.h>

#include "client/output.h"
#include "client/variant-json.h"
#include "client/verbs.h"
#include "daemon/core/json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

typedef enum CheckResult {
    CHECK_OK,
    CHECK_NOTE,    /* works, and could be better */
    CHECK_BAD,     /* something does not work */
    CHECK_UNKNOWN, /* could not be checked */
    CHECK_RESULT_COUNT,
} CheckResult;

static const char *const result_words[CHECK_RESULT_COUNT] = {"ok", "note", "bad", "unknown"};

typedef struct Doctor {
    Session *session;
    json_object *checks;
    bool bad;
} Doctor;

/* advice NULL: there is nothing to do. */
static void report(Doctor *doctor, const char *name, CheckResult result, const char *text,
                   const char *advice)
{
    json_object *check = json_object_new_object();

    doctor->bad = doctor->bad || result == CHECK_BAD;
    if (!check || json_add(check, "check", json_object_new_string(name)) < 0 ||
        json_add(check, "result", json_object_new_string(result_words[result])) < 0 ||
        json_add(check, "text", json_object_new_string(text)) < 0 ||
        (advice && json_add(check, "advice", json_object_new_string(advice)) < 0)) {
        json_object_put(check);
        return;
    }
    (void)json_append(doctor->checks, check);
}

/* --- systemd ------------------------------------------------------------------- */

/* A string property of a unit; to be freed, NULL if systemd cannot be asked. */
static char *unit_property(Session *session, const char *unit, const char *property)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    const char *path;
    char *value = NULL;

    if (sd_bus_call_method(session->bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                           "org.freedesktop.systemd1.Manager", "LoadUnit", NULL, &reply, "s",
                           unit) < 0 ||
        sd_bus_message_read(reply, "o", &path) < 0 ||
        sd_bus_get_property_string(session->bus, "org.freedesktop.systemd1", path,
                                   "org.freedesktop.systemd1.Unit", property, NULL, &value) < 0)
        return NULL;
    return value;
}

static void check_unit(Doctor *doctor, const char *unit, const char *missing, bool must_run)
{
    _cleanup_free_ char *load = unit_property(doctor->session, unit, "LoadState");
    _cleanup_free_ char *active = unit_property(doctor->session, unit, "ActiveState");
    _cleanup_free_ char *text = NULL, *advice = NULL;

    if (!load || !active) {
        text = format_string("%s: systemd cannot be asked", unit);
        report(doctor, unit, CHECK_UNKNOWN, strempty(text), NULL);
    } else if (!streq(load, "loaded")) {
        text = format_string("%s is not installed", unit);
        report(doctor, unit, CHECK_BAD, strempty(text), missing);
    } else if (must_run && !streq(active, "active")) {
        text = format_string("%s is %s", unit, active);
        advice = format_string("systemctl enable --now %s; why it does not run: journalctl -u %s",
                               unit, unit);
        report(doctor, unit, CHECK_BAD, strempty(text), advice);
    } else {
        text = format_string("%s is %s", unit, must_run ? "active" : "installed");
        report(doctor, unit, CHECK_OK, strempty(text), NULL);
    }
}

static void check_units(Doctor *doctor)
{
    static const char install[] = "install the package nginx-selguard, then: systemctl "
                                  "daemon-reload";

    check_unit(doctor, "nginx-selguard.service", install, /* must_run= */ true);
    check_unit(doctor, "nginx-selguard-audit.socket", install, /* must_run= */ true);
    check_unit(doctor, "nginx-selguard-remedy.service", install, /* must_run= */ false);
    check_unit(doctor, "nginx.service", "install nginx; without its unit a fix cannot reload it",
               /* must_run= */ false);
}

/* --- the bus, polkit, the group --------------------------------------------------- */

static bool bus_knows(Session *session, const char *name)
{
    static const char *const calls[] = {"ListNames", "ListActivatableNames"};

    for (size_t i = 0; i < ELEMENTS_OF(calls); i++) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_strv_ char **names = NULL;

        if (sd_bus_call_method(session->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", calls[i], NULL, &reply, NULL) >= 0 &&
            sd_bus_message_read_strv(reply, &names) >= 0 && strv_contains(names, name))
            return true;
    }
    return false;
}

static void check_bus(Doctor *doctor)
{
    static const char *const names[] = {NGINX1_NAME, REMEDY1_NAME};

    for (size_t i = 0; i < ELEMENTS_OF(names); i++) {
        const bool known = bus_knows(doctor->session, names[i]);
        _cleanup_free_ char *text =
            format_string("the bus %s %s", known ? "knows" : "does not know", names[i]);

        report(doctor, names[i], known ? CHECK_OK : CHECK_BAD, strempty(text),
               known ? NULL
                     : "its activation file is missing or the bus has not read it: systemctl "
                       "reload dbus");
    }
}

/* polkit leaves out a broken .policy file without a word; then every call is refused. */
static void check_polkit(Doctor *doctor)
{
    static const char *const wanted[] = {
        "org.selguard.nginx1.read",          "org.selguard.nginx1.dismiss",
        "org.selguard.remedy1.check",        "org.selguard.remedy1.set-boolean",
        "org.selguard.remedy1.set-port",     "org.selguard.remedy1.set-file-context",
        "org.selguard.remedy1.relabel",      "org.selguard.remedy1.install-module",
        "org.selguard.remedy1.reload-nginx", "org.selguard.remedy1.revert",
        "org.selguard.remedy1.list-changes",
    };
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    _cleanup_strv_ char **found = NULL;
    _cleanup_free_ char *text = NULL;
    const char *id;
    size_t missing = 0;
    int r = sd_bus_call_method(
        doctor->session->bus, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
        "org.freedesktop.PolicyKit1.Authority", "EnumerateActions", NULL, &reply, "s", "");

    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'a', "(ssssssuuua{ss})");
    while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'r', "ssssssuuua{ss}")) > 0) {
        r = sd_bus_message_read(reply, "s", &id);
        if (r >= 0 && strncmp(id, "org.selguard.", strlen("org.selguard.")) == 0)
            r = strv_append(&found, id);
        if (r >= 0)
            r = sd_bus_message_skip(reply, "sssssuuua{ss}");
        if (r >= 0)
            r = sd_bus_message_exit_container(reply);
    }
    if (r < 0) {
        report(doctor, "polkit", CHECK_BAD, "polkit cannot be asked, so nothing is permitted",
               "install polkit, and see systemctl status polkit");
        return;
    }
    for (size_t i = 0; i < ELEMENTS_OF(wanted); i++)
        missing += !strv_contains(found, wanted[i]);
    text = missing ? format_string("polkit does not know %zu of the actions", missing)
                   : format_string("polkit knows all %zu actions", strv_length(found));
    report(doctor, "polkit", missing ? CHECK_BAD : CHECK_OK, strempty(text),
           missing ? "reinstall nginx-selguard, then: systemctl restart polkit" : NULL);
}

static void check_group(Doctor *doctor)
{
    const struct group *group = getgrnam("selguard");
    gid_t groups[256];
    int n = getgroups((int)ELEMENTS_OF(groups), groups);
    bool member = geteuid() == 0;

    if (!group) {
        report(doctor, "group", CHECK_BAD, "there is no group selguard",
               "systemd-sysusers makes it (nginx-selguard.conf in sysusers.d)");
        return;
    }
    for (int i = 0; i < n; i++)
        member = member || groups[i] == group->gr_gid;
    report(doctor, "group", member ? CHECK_OK : CHECK_NOTE,
           member ? "you may read diagnoses without a password"
                  : "you are not in the group selguard, so reading asks for a password",
           member ? NULL : "usermod -aG selguard USER, then log in anew");
}

/* --- SELinux and the monitor --------------------------------------------------------- */

/* The domain that the monitor runs in, as the bus sees it; to be freed. */
static char *monitor_context(Session *session)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    const void *bytes;
    size_t length;

    if (sd_bus_call_method(session->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "GetConnectionSELinuxSecurityContext", NULL,
                           &reply, "s", NGINX1_NAME) < 0 ||
        sd_bus_message_read_array(reply, 'y', &bytes, &length) < 0)
        return NULL;
    return strndup(bytes, length);
}

static void check_domain(Doctor *doctor)
{
    _cleanup_free_ char *context = monitor_context(doctor->session);
    _cleanup_free_ char *escaped = context ? escape_for_terminal(context) : NULL;
    _cleanup_free_ char *text = NULL;

    if (!escaped) {
        report(doctor, "domain", CHECK_UNKNOWN, "the bus cannot tell the monitor's domain", NULL);
        return;
    }
    text = format_string("the monitor runs as %s", escaped);
    if (strstr(context, "selguard"))
        report(doctor, "domain", CHECK_OK, strempty(text), NULL);
    else
        report(doctor, "domain", CHECK_NOTE, strempty(text),
               "it has no domain of its own: load the policy module of nginx-selguard (semodule "
               "-l | grep selguard), relabel its files (restorecon -R /usr/sbin), restart it");
}

static void check_mode(Doctor *doctor, json_object *properties)
{
    const char *mode = json_get_text(properties, "selinux_mode");
    _cleanup_free_ char *text = format_string(
        "SELinux is %s%s%s", mode, *json_get_text(properties, "policy") ? ", policy " : "",
        json_get_text(properties, "policy"));

    if (streq(mode, "enforcing"))
        report(doctor, "selinux", CHECK_OK, strempty(text), NULL);
    else
        report(doctor, "selinux", CHECK_NOTE, strempty(text),
               streq(mode, "permissive")
                   ? "denials are only logged; when all is well: setenforce 1"
                   : "there is nothing to diagnose: it is switched on in /etc/selinux/config");
}

static const char *advice_for(const char *code)
{
    static const char *const advice[][2] = {
        {"configuration", "correct /etc/nginx-selguard/selguard.conf, then: systemctl reload "
                          "nginx-selguard"},
        {"audit-socket", "systemctl enable --now nginx-selguard-audit.socket, then: systemctl "
                         "restart nginx-selguard"},
        {"audit-loss", "some denials may be missing from the list; they are in "
                       "/var/log/audit/audit.log"},
        {"nginx-configuration", "nginx -t; Configuration= in selguard.conf names another file"},
        {"error-log", "the log must be a file that root can read; ErrorLogs= in selguard.conf "
                      "names others"},
        {"policy", "restart nginx-selguard; if it stays: journalctl -u nginx-selguard"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(advice); i++)
        if (streq(advice[i][0], code))
            return advice[i][1];
    return NULL;
}

/* With details where the caller may read them. */
static void check_problems(Doctor *doctor, json_object *properties, json_object *statistics)
{
    json_object *problems = json_get(statistics ? statistics : properties, "problems");

    for (size_t i = 0; i < json_length(problems); i++) {
        json_object *problem = json_object_array_get_idx(problems, i);
        const char *code = json_item_text(problem, 0);
        _cleanup_free_ char *text = NULL;

        if (strncmp(code, "selinux-", strlen("selinux-")) == 0)
            continue; /* said by check_mode() */
        text = statistics ? format_string("%s (%s)", json_item_text(problem, 1),
                                          json_item_text(problem, 2))
                          : strdup(json_item_text(problem, 1));
        report(doctor, code, CHECK_BAD, strempty(text), advice_for(code));
    }
}

static void check_logs(Doctor *doctor, json_object *statistics)
{
    json_object *logs = json_get(statistics, "logs");

    if (!statistics) {
        report(doctor, "logs", CHECK_UNKNOWN, "which logs are read is for those who may read",
               "run it as a member of the group selguard, or with sudo");
        return;
    }
    for (size_t i = 0; i < json_length(logs); i++) {
        json_object *log = json_object_array_get_idx(logs, i);
        const char *state = json_item_text(log, 1);
        _cleanup_free_ char *text = format_string("log %s: %s", json_item_text(log, 0), state);

        report(doctor, "log", streq(state, "reading") ? CHECK_OK : CHECK_NOTE, strempty(text),
               streq(state, "reading")   ? NULL
               : streq(state, "waiting") ? "it does not exist yet"
                                         : "see selguardctl status for why");
    }
}

static int get(Session *session, const char *interface, const char *member, const char *types,
               const char *argument, json_object **ret_object)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    int r = argument ? sd_bus_call_method(session->bus, NGINX1_NAME, NGINX1_PATH, interface, member,
                                          NULL, &reply, types, argument)
                     : sd_bus_call_method(session->bus, NGINX1_NAME, NGINX1_PATH, interface, member,
                                          NULL, &reply, "a{sv}", 0);

    return r < 0 ? r : variant_json_read(reply, ret_object);
}

static void check_monitor(Doctor *doctor)
{
    _cleanup_json_ json_object *properties = NULL, *statistics = NULL;
    _cleanup_free_ char *text = NULL;

    if (get(doctor->session, "org.freedesktop.DBus.Properties", "GetAll", "s", NGINX1_MANAGER,
            &properties) < 0) {
        report(doctor, "monitor", CHECK_BAD, "the monitor does not answer",
               "journalctl -u nginx-selguard");
        return;
    }
    text = format_string("the monitor answers, version %s", json_get_text(properties, "version"));
    report(doctor, "monitor", CHECK_OK, strempty(text), NULL);
    /* Nobody is asked for a password over this. */
    (void)get(doctor->session, NGINX1_MANAGER, "GetStatistics", "a{sv}", NULL, &statistics);
    check_mode(doctor, properties);
    check_domain(doctor);
    check_logs(doctor, statistics);
    check_problems(doctor, properties, statistics);
}

/* --- the whole ------------------------------------------------------------------------ */

static void print_checks(json_object *checks)
{
    for (size_t i = 0; i < json_length(checks); i++) {
        json_object *check = json_object_array_get_idx(checks, i);
        const char *result = json_get_text(check, "result");

        (void)printf("%-8s", streq(result, "bad") ? "BAD" : result);
        output_escaped(stdout, json_get_text(check, "text"));
        (void)putchar('\n');
        if (json_get(check, "advice")) {
            (void)fputs("        → ", stdout);
            output_escaped(stdout, json_get_text(check, "advice"));
            (void)putchar('\n');
        }
    }
}

int verb_doctor(Session *session, char **arguments _unused_)
{
    _cleanup_json_ json_object *checks = json_object_new_array();
    Doctor doctor = {.session = session, .checks = checks};
    int r = 0;

    if (!checks)
        return -ENOMEM;
    (void)sd_bus_set_allow_interactive_authorization(session->bus, false);
    check_units(&doctor);
    check_bus(&doctor);
    check_polkit(&doctor);
    /* Group files of another host or a container are not at hand. */
    if (!session->host && !session->machine)
        check_group(&doctor);
    check_monitor(&doctor);
    if (session->json)
        r = output_json(checks);
    else
        print_checks(checks);
    return r < 0 ? r : doctor.bad ? EXIT_FINDING : 0;
}
