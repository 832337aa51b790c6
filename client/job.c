/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/job.h"

#include <errno.h>
#include <signal.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

struct JobWatch {
    Session *session;
    sd_bus_slot *finished_slot, *changed_slot, *owner_slot;
    char *job;     /* NULL until it is known */
    char *pending; /* a job that finished before that */
    bool ended, vanished;
    char phase[32]; /* shown last */
    char *result, *message, *change_id;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number _unused_)
{
    interrupted = 1;
}

static int read_details(JobWatch *watch, sd_bus_message *message)
{
    const char *key, *text;
    int r = sd_bus_message_enter_container(message, 'a', "{sv}");

    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        r = sd_bus_message_read(message, "s", &key);
        if (r >= 0 && (streq(key, "ChangeId") || streq(key, "Message"))) {
            r = sd_bus_message_read(message, "v", "s", &text);
            if (r >= 0)
                r = string_replace(streq(key, "Message") ? &watch->message : &watch->change_id,
                                   text);
        } else if (r >= 0) {
            r = sd_bus_message_skip(message, "v");
        }
        if (r >= 0)
            r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int on_finished(sd_bus_message *message, void *userdata, sd_bus_error *ret_error _unused_)
{
    JobWatch *watch = userdata;
    const char *result;
    int r;

    if (watch->job && !streq(strempty(sd_bus_message_get_path(message)), watch->job))
        return 0;
    r = sd_bus_message_read(message, "s", &result);
    if (r >= 0)
        r = string_replace(&watch->result, result);
    if (r >= 0)
        r = read_details(watch, message);
    if (r >= 0)
        r = string_replace(&watch->pending, sd_bus_message_get_path(message));
    watch->ended = true;
    return r;
}

static const char *phase_in_words(const char *phase)
{
    static const char *const words[][2] = {
        {"queued", "waiting for another change"},
        {"waiting-for-lock", "waiting for another program that changes the policy"},
        {"reading", "recording the present state"},
        {"committing", "committing (this can take a minute)"},
        {"testing-nginx", "testing nginx's configuration"},
        {"reloading-nginx", "reloading nginx"},
        {"verifying", "asking the kernel"},
        {"finished", "done"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(words); i++)
        if (streq(words[i][0], phase))
            return words[i][1];
    return phase;
}

/* PropertiesChanged: interface, changed a{sv}, invalidated as. */
static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error _unused_)
{
    JobWatch *watch = userdata;
    const char *interface, *key, *phase;
    int r;

    if (watch->session->json ||
        (watch->job && !streq(strempty(sd_bus_message_get_path(message)), watch->job)))
        return 0;
    r = sd_bus_message_read(message, "s", &interface);
    if (r < 0 || !streq(interface, REMEDY1_JOB) ||
        sd_bus_message_enter_container(message, 'a', "{sv}") < 0)
        return 0;
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        if (sd_bus_message_read(message, "s", &key) < 0)
            return 0;
        if (streq(key, "Phase")) {
            if (sd_bus_message_read(message, "v", "s", &phase) < 0)
                return 0;
            if (!streq(watch->phase, phase))
                (void)fprintf(stderr, "  %s…\n", phase_in_words(phase));
            (void)snprintf(watch->phase, sizeof(watch->phase), "%s", phase);
        } else if (sd_bus_message_skip(message, "v") < 0) {
            return 0;
        }
        if (sd_bus_message_exit_container(message) < 0)
            return 0;
    }
    return 0;
}

/* The service's name lost its owner: it crashed, for it does not idle out over a job. */
static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error _unused_)
{
    JobWatch *watch = userdata;
    const char *name, *old_owner, *new_owner;

    if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) >= 0 && !*new_owner)
        watch->vanished = true;
    return 0;
}

int job_watch_new(Session *session, JobWatch **ret_watch)
{
    JobWatch *watch = calloc(1, sizeof(*watch));
    int r;

    if (!watch)
        return -ENOMEM;
    watch->session = session;
    r = sd_bus_add_match(session->bus, &watch->finished_slot,
                         "type='signal',sender='" REMEDY1_NAME "',interface='" REMEDY1_JOB
                         "',member='Finished'",
                         on_finished, watch);
    if (r >= 0)
        r = sd_bus_add_match(session->bus, &watch->changed_slot,
                             "type='signal',sender='" REMEDY1_NAME
                             "',interface='org.freedesktop.DBus.Properties',"
                             "member='PropertiesChanged'",
                             on_changed, watch);
    if (r >= 0)
        r = sd_bus_add_match(session->bus, &watch->owner_slot,
                             "type='signal',sender='org.freedesktop.DBus',"
                             "member='NameOwnerChanged',arg0='" REMEDY1_NAME "'",
                             on_owner, watch);
    if (r < 0) {
        job_watch_free(watch);
        return r;
    }
    *ret_watch = watch;
    return 0;
}

JobWatch *job_watch_free(JobWatch *watch)
{
    if (!watch)
        return NULL;
    sd_bus_slot_unref(watch->finished_slot);
    sd_bus_slot_unref(watch->changed_slot);
    sd_bus_slot_unref(watch->owner_slot);
    free(watch->job);
    free(watch->pending);
    free(watch->result);
    free(watch->message);
    free(watch->change_id);
    free(watch);
    return NULL;
}

static void cancel(JobWatch *watch)
{
    (void)fputs("  asking the service to stop…\n", stderr);
    (void)sd_bus_call_method_async(watch->session->bus, NULL, REMEDY1_NAME, watch->job, REMEDY1_JOB,
                                   "Cancel", NULL, NULL, "a{sv}", 0);
}

static int wait_for_end(JobWatch *watch)
{
    const struct sigaction action = {.sa_handler = on_interrupt};
    struct sigaction before;
    bool cancelled = false;
    int r = 0;

    (void)sigaction(SIGINT, &action, &before);
    while (r >= 0 && !watch->ended && !watch->vanished) {
        if (interrupted && !cancelled) {
            cancel(watch);
            cancelled = true;
        }
        r = sd_bus_process(watch->session->bus, NULL);
        if (r == 0)
            r = sd_bus_wait(watch->session->bus, UINT64_MAX);
        if (r == -EINTR)
            r = 0;
    }
    (void)sigaction(SIGINT, &before, NULL);
    return r;
}

int job_watch_run(JobWatch *watch, const char *job_path, char **ret_change_id)
{
    _cleanup_free_ char *message = NULL;
    bool done;
    int r = string_replace(&watch->job, job_path);

    if (watch->ended && !streq_ptr(watch->pending, job_path))
        watch->ended = false; /* another job of the same caller */
    if (r >= 0)
        r = wait_for_end(watch);
    if (r < 0)
        return r;
    if (!watch->ended) {
        (void)fputs("The remedy service ended unexpectedly. It resolves what it left when it is "
                    "called next: selguardctl history.\n",
                    stderr);
        return -EIO;
    }
    done = streq(watch->result, "done") || streq(watch->result, "unverified");
    message = escape_for_terminal(strempty(watch->message));
    (void)fprintf(done && !watch->session->json ? stdout : stderr, "%s\n", strempty(message));
    /* An ineffective change was made, too, and can be taken back. */
    if (done || streq(watch->result, "ineffective"))
        *ret_change_id = TAKE_POINTER(watch->change_id);
    if (done)
        return 0;
    return streq(watch->result, "cancelled") ? -ECANCELED : -EIO;
}
