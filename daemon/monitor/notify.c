/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/notify.h"

#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/nginx1-bus.h"

typedef struct Pending {
    char *id;
    NotifyKind kind;
} Pending;

struct Notifier {
    sd_bus *bus;
    sd_event_source *timer;
    Pending pending[2 * DIAGNOSES_MAX]; /* all there are, and as many removed ones */
    size_t n_pending;
    bool manager;
    uint64_t dropped;
};

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata);

int notifier_new(Notifier **ret_notifier, sd_bus *bus, sd_event *event)
{
    Notifier *notifier = calloc(1, sizeof(*notifier));
    int r;

    if (!notifier)
        return -ENOMEM;
    notifier->bus = sd_bus_ref(bus);
    r = sd_event_add_time(event, &notifier->timer, CLOCK_MONOTONIC, UINT64_MAX, 0, on_timer,
                          notifier);
    if (r >= 0)
        r = sd_event_source_set_enabled(notifier->timer, SD_EVENT_OFF);
    if (r < 0) {
        notifier_free(notifier);
        return r;
    }
    *ret_notifier = notifier;
    return 0;
}

Notifier *notifier_free(Notifier *notifier)
{
    if (!notifier)
        return NULL;
    sd_event_source_disable_unref(notifier->timer);
    for (size_t i = 0; i < notifier->n_pending; i++)
        free(notifier->pending[i].id);
    sd_bus_unref(notifier->bus);
    free(notifier);
    return NULL;
}

static void arm(Notifier *notifier)
{
    int enabled = SD_EVENT_OFF;

    if (sd_event_source_get_enabled(notifier->timer, &enabled) >= 0 && enabled != SD_EVENT_OFF)
        return;
    (void)sd_event_source_set_time_relative(notifier->timer, NOTIFY_DELAY_USEC);
    (void)sd_event_source_set_enabled(notifier->timer, SD_EVENT_ONESHOT);
}

static void send_signals(Notifier *notifier)
{
    for (size_t i = 0; i < notifier->n_pending; i++) {
        Pending *pending = &notifier->pending[i];
        _cleanup_free_ char *path = format_string(DIAGNOSIS_PATH_PREFIX "/%s", pending->id);

        if (path && pending->kind == NOTIFY_ADDED)
            (void)sd_bus_emit_object_added(notifier->bus, path);
        else if (path && pending->kind == NOTIFY_REMOVED)
            (void)sd_bus_emit_object_removed(notifier->bus, path);
        else if (path)
            (void)sd_bus_emit_properties_changed(notifier->bus, path, DIAGNOSIS_INTERFACE,
                                                 "Verdict", "Cause", "State", "Analyzed", "Count",
                                                 "FirstSeen", "LastSeen", NULL);
        free(pending->id);
    }
    notifier->n_pending = 0;
    if (notifier->manager)
        (void)sd_bus_emit_properties_changed(notifier->bus, MANAGER_PATH, MANAGER_INTERFACE,
                                             "SelinuxMode", "Policy", "Diagnoses", "OpenDiagnoses",
                                             "Problems", NULL);
    notifier->manager = false;
}

/* The daemon of the bus takes what it gets, at its own pace. Behind one that does not, signals
 * would only grow the queue: they wait, and the newest state is what goes out then. */
static bool bus_is_behind(const Notifier *notifier)
{
    uint64_t queued = 0;

    return sd_bus_get_n_queued_write(notifier->bus, &queued) >= 0 && queued > NOTIFY_QUEUED_MAX;
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Notifier *notifier = userdata;

    if (bus_is_behind(notifier))
        arm(notifier);
    else
        send_signals(notifier);
    return 0;
}

size_t notifier_pending(const Notifier *notifier)
{
    return notifier->n_pending;
}

uint64_t notifier_dropped(const Notifier *notifier)
{
    return notifier->dropped;
}

void notifier_queue_manager(Notifier *notifier)
{
    notifier->manager = true;
    arm(notifier);
}

void notifier_queue(Notifier *notifier, const char *id, NotifyKind kind)
{
    Pending *pending = NULL;

    notifier_queue_manager(notifier);
    for (size_t i = notifier->n_pending; i > 0; i--) {
        if (streq(notifier->pending[i - 1].id, id)) {
            pending = &notifier->pending[i - 1];
            break;
        }
    }
    if (pending && kind == NOTIFY_CHANGED && pending->kind != NOTIFY_REMOVED)
        return; /* an object that is about to be announced shows its newest state */
    if (notifier->n_pending == ELEMENTS_OF(notifier->pending)) {
        if (bus_is_behind(notifier)) {
            notifier->dropped++;
            return;
        }
        send_signals(notifier);
    }
    pending = &notifier->pending[notifier->n_pending];
    pending->id = strdup(id);
    pending->kind = kind;
    if (pending->id)
        notifier->n_pending++;
}
