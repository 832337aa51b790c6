/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/nginx-reload.h"

#include <errno.h>
#include <systemd/sd-event.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"

#define SYSTEMD      "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define MANAGER      SYSTEMD ".Manager"
#define PROPERTIES   "org.freedesktop.DBus.Properties"

#define TEST_UNIT "nginx-selguard-nginx-test.service"

struct NginxReload {
    sd_bus *bus;
    const NginxReloadHandlers *handlers;
    void *userdata;
    sd_bus_slot *call;  /* the one that is waited for */
    sd_bus_slot *match; /* JobRemoved */
    sd_event_source *timer;
    char **units;
    size_t unit;          /* the one looked at */
    char *unit_path;      /* its object */
    NginxCommand command; /* of its ExecStart= */
    NginxStep step;
    bool testing; /* else it is being reloaded */
    char *job;    /* the systemd job that is waited for */
};

DEFINE_POINTER_CLEANUP(NginxReload, nginx_reload_free, reload_cleanup);

NginxReload *nginx_reload_free(NginxReload *reload)
{
    if (!reload)
        return NULL;
    sd_bus_slot_unref(reload->call);
    sd_bus_slot_unref(reload->match);
    sd_event_source_disable_unref(reload->timer);
    sd_bus_unref(reload->bus);
    strv_free(reload->units);
    nginx_command_clear(&reload->command);
    free(reload->unit_path);
    free(reload->job);
    free(reload);
    return NULL;
}

NginxStep nginx_reload_decide(const char *active_state, const char *unit_file_state)
{
    if (streq(active_state, "active") || streq(active_state, "reloading"))
        return NGINX_STEP_RELOAD;
    /* Between two attempts, or on its way: what it started with is not what it is to have. */
    if (streq(active_state, "activating"))
        return NGINX_STEP_RESTART;
    if (streq(active_state, "failed") || strncmp(unit_file_state, "enabled", 7) == 0)
        return NGINX_STEP_START;
    return NGINX_STEP_NOTHING;
}

/* Takes ownership of the text (NULL: out of memory). Frees the object. */
static int reload_end(NginxReload *reload, int result, char *text)
{
    _cleanup_free_ char *owned = text;

    reload->handlers->finished(result, owned ? owned : "Out of memory.", reload->userdata);
    nginx_reload_free(reload);
    return 0;
}

static int reload_fail(NginxReload *reload, int error, const char *what)
{
    return reload_end(reload, error, format_string("%s: %s.", what, strerror(-error)));
}

static int reload_fail_call(NginxReload *reload, sd_bus_message *reply, const char *what)
{
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    _cleanup_free_ char *text =
        escape_for_terminal(error && error->message ? error->message : "no answer");

    return reload_end(reload, -EIO, format_string("%s: %s", what, strempty(text)));
}

static int reload_call(NginxReload *reload, const char *path, const char *interface,
                       const char *member, sd_bus_message_handler_t handler, const char *types, ...)
{
    sd_bus_slot *slot = NULL;
    va_list arguments;
    int r;

    va_start(arguments, types);
    r = sd_bus_call_method_asyncv(reload->bus, &slot, SYSTEMD, path, interface, member, handler,
                                  reload, types, arguments);
    va_end(arguments);
    if (r < 0)
        return r;
    sd_bus_slot_unref(reload->call);
    reload->call = slot;
    return 0;
}

/* --- the jobs of systemd ------------------------------------------------ */

static int on_job(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    NginxReload *reload = userdata;
    const char *job;

    if (sd_bus_message_is_method_error(reply, NULL))
        return reload_fail_call(reload, reply,
                                reload->testing ? "systemd did not start nginx's own test"
                                                : "systemd did not reload nginx");
    if (sd_bus_message_read_basic(reply, 'o', &job) < 0 || string_replace(&reload->job, job) < 0)
        return reload_fail(reload, -EIO, "systemd's answer could not be read");
    return 0;
}

static int reload_apply(NginxReload *reload)
{
    static const char *const methods[] = {
        [NGINX_STEP_RELOAD] = "ReloadUnit",
        [NGINX_STEP_START] = "StartUnit",
        [NGINX_STEP_RESTART] = "RestartUnit",
    };
    int r;

    reload->testing = false;
    free(reload->job);
    reload->job = NULL;
    reload->handlers->phase("reloading-nginx", reload->userdata);
    r = reload_call(reload, SYSTEMD_PATH, MANAGER, methods[reload->step], on_job, "ss",
                    reload->units[reload->unit], "replace");
    return r < 0 ? reload_fail(reload, r, "systemd could not be asked to reload nginx") : 0;
}

static int on_job_removed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error _unused_)
{
    NginxReload *reload = userdata;
    const char *job, *unit, *result;
    bool done;
    uint32_t id;

    /* The answer that names our job comes before its end. */
    if (sd_bus_message_read(signal, "uoss", &id, &job, &unit, &result) < 0 || !reload->job ||
        !streq(reload->job, job))
        return 0;
    done = streq(result, "done");
    if (reload->testing && !done)
        return reload_end(reload, -EBADMSG,
                          strdup("nginx's own test fails, and nginx was not reloaded "
                                 "(journalctl -u " TEST_UNIT " tells why)."));
    if (reload->testing)
        return reload_apply(reload);
    if (!done)
        return reload_end(reload, -EIO,
                          format_string("nginx's own test passes, but systemd could not %s %s "
                                        "(systemctl status %s tells why).",
                                        reload->step == NGINX_STEP_RELOAD ? "reload" : "start",
                                        reload->units[reload->unit], reload->units[reload->unit]));
    return reload_end(reload, 0,
                      format_string("nginx's own test passes, and %s was %s.",
                                    reload->units[reload->unit],
                                    reload->step == NGINX_STEP_RELOAD ? "reloaded" : "started"));
}

/* --- the test ----------------------------------------------------------- */

static int reload_test(NginxReload *reload)
{
    int r;

    reload->testing = true;
    reload->handlers->phase("testing-nginx", reload->userdata);
    r = reload_call(reload, SYSTEMD_PATH, MANAGER, "StartUnit", on_job, "ss", TEST_UNIT, "replace");
    return r < 0 ? reload_fail(reload, r, "systemd could not be asked for nginx's own test") : 0;
}

static int on_test_command(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    NginxReload *reload = userdata;
    NginxCommand test = {};
    bool agree;
    int r;

    if (sd_bus_message_is_method_error(reply, NULL))
        return reload_fail_call(reload, reply, "systemd did not tell how nginx is tested");
    r = nginx_command_read(reply, &test);
    if (r < 0)
        return reload_fail(reload, r, "systemd does not have " TEST_UNIT);
    agree = nginx_commands_agree(&reload->command, &test);
    nginx_command_clear(&test);
    if (!agree)
        return reload_end(reload, -EOPNOTSUPP,
                          format_string("%s starts nginx otherwise than " TEST_UNIT
                                        " tests it: give that a drop-in with the same program, "
                                        "\"-c\" and \"-p\".",
                                        reload->units[reload->unit]));
    return reload_test(reload);
}

static int on_test_unit(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    NginxReload *reload = userdata;
    const char *path;
    int r;

    if (sd_bus_message_is_method_error(reply, NULL))
        return reload_fail_call(reload, reply, "systemd could not be asked about " TEST_UNIT);
    r = sd_bus_message_read_basic(reply, 'o', &path);
    if (r >= 0)
        r = reload_call(reload, path, PROPERTIES, "Get", on_test_command, "ss", SYSTEMD ".Service",
                        "ExecStart");
    return r < 0 ? reload_fail(reload, r, "systemd could not be asked about " TEST_UNIT) : 0;
}

/* --- the unit ----------------------------------------------------------- */

static int on_command(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    NginxReload *reload = userdata;
    int r;

    if (sd_bus_message_is_method_error(reply, NULL))
        return reload_fail_call(reload, reply, "systemd did not tell how nginx is started");
    r = nginx_command_read(reply, &reload->command);
    if (r < 0)
        return reload_fail(reload, r, "How systemd starts nginx could not be read");
    r = reload_call(reload, SYSTEMD_PATH, MANAGER, "LoadUnit", on_test_unit, "s", TEST_UNIT);
    return r < 0 ? reload_fail(reload, r, "systemd could not be asked about " TEST_UNIT) : 0;
}

static int reload_look(NginxReload *reload);

static int read_unit(sd_bus_message *reply, const char **ret_load, const char **ret_active,
                     const char **ret_file)
{
    const char *key, *value, *contents;
    int r = sd_bus_message_enter_container(reply, 'a', "{sv}");

    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
        if ((r = sd_bus_message_read_basic(reply, 's', &key)) < 0 ||
            (r = sd_bus_message_peek_type(reply, NULL, &contents)) < 0)
            return r;
        if (streq(contents, "s")) {
            if ((r = sd_bus_message_read(reply, "v", "s", &value)) < 0)
                return r;
            if (streq(key, "LoadState"))
                *ret_load = value;
            else if (streq(key, "ActiveState"))
                *ret_active = value;
            else if (streq(key, "UnitFileState"))
                *ret_file = value;
        } else if ((r = sd_bus_message_skip(reply, "v")) < 0)
            return r;
        if ((r = sd_bus_message_exit_container(reply)) < 0)
            return r;
    }
    return r;
}

static int on_state(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    NginxReload *reload = userdata;
    const char *load = "", *active = "", *file = "";
    int r;

    if (sd_bus_message_is_method_error(reply, NULL))
        return reload_fail_call(reload, reply, "systemd did not tell the state of nginx");
    r = read_unit(reply, &load, &active, &file);
    if (r < 0)
        return reload_fail(reload, r, "What systemd tells of nginx could not be read");
    if (!streq(load, "loaded")) {
        reload->unit++;
        return reload_look(reload);
    }
    reload->step = nginx_reload_decide(active, file);
    if (reload->step == NGINX_STEP_NOTHING)
        return reload_end(reload, 0,
                          format_string("%s does not run and is not enabled, so nothing was "
                                        "reloaded.",
                                        reload->units[reload->unit]));
    r = reload_call(reload, reload->unit_path, PROPERTIES, "Get", on_command, "ss",
                    SYSTEMD ".Service", "ExecStart");
    return r < 0 ? reload_fail(reload, r, "systemd could not be asked about nginx") : 0;
}

static int on_unit(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    NginxReload *reload = userdata;
    const char *path;
    int r;

    if (sd_bus_message_is_method_error(reply, NULL))
        return reload_fail_call(reload, reply, "systemd could not be asked about nginx");
    if (sd_bus_message_read_basic(reply, 'o', &path) < 0 ||
        string_replace(&reload->unit_path, path) < 0)
        return reload_fail(reload, -EIO, "systemd's answer could not be read");
    r = reload_call(reload, reload->unit_path, PROPERTIES, "GetAll", on_state, "s",
                    SYSTEMD ".Unit");
    return r < 0 ? reload_fail(reload, r, "systemd could not be asked about nginx") : 0;
}

static int reload_look(NginxReload *reload)
{
    int r;

    if (!reload->units[reload->unit]) {
        _cleanup_free_ char *names = strv_join(reload->units, ", ");

        return reload_end(
            reload, -ENOENT,
            format_string("systemd has no unit for nginx (looked for: %s).", strempty(names)));
    }
    r = reload_call(reload, SYSTEMD_PATH, MANAGER, "LoadUnit", on_unit, "s",
                    reload->units[reload->unit]);
    return r < 0 ? reload_fail(reload, r, "systemd could not be asked about nginx") : 0;
}

/* --- the beginning ------------------------------------------------------ */

/* systemd tells of the end of jobs only where somebody has subscribed. */
static int on_subscribed(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_)
{
    NginxReload *reload = userdata;

    if (sd_bus_message_is_method_error(reply, NULL) &&
        !sd_bus_message_is_method_error(reply, SYSTEMD ".AlreadySubscribed"))
        return reload_fail_call(reload, reply, "systemd cannot be asked to reload nginx");
    return reload_look(reload);
}

static int on_timeout(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    return reload_end(userdata, -ETIMEDOUT,
                      strdup("systemd did not finish with nginx's test and reload in time."));
}

int nginx_reload_start(NginxReload **ret_reload, sd_bus *bus, char *const *units,
                       const NginxReloadHandlers *handlers, void *userdata)
{
    _cleanup_(reload_cleanup) NginxReload *reload = calloc(1, sizeof(*reload));
    int r;

    if (!reload)
        return -ENOMEM;
    reload->bus = sd_bus_ref(bus);
    reload->handlers = handlers;
    reload->userdata = userdata;
    reload->units = strv_copy(units);
    if (!reload->units)
        return -ENOMEM;
    r = sd_bus_match_signal_async(bus, &reload->match, SYSTEMD, SYSTEMD_PATH, MANAGER, "JobRemoved",
                                  on_job_removed, NULL, reload);
    if (r < 0)
        return r;
    r = sd_event_add_time_relative(sd_bus_get_event(bus), &reload->timer, CLOCK_MONOTONIC,
                                   REMEDY_NGINX_TIMEOUT_USEC, USEC_PER_SEC, on_timeout, reload);
    if (r < 0)
        return r;
    r = reload_call(reload, SYSTEMD_PATH, MANAGER, "Subscribe", on_subscribed, NULL);
    if (r < 0)
        return r;
    *ret_reload = TAKE_POINTER(reload);
    return 0;
}
