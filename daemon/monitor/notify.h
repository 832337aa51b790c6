/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Change signals of the diagnosis objects, coalesced: whatever happens in NOTIFY_DELAY_USEC is
 * one signal for an object. A storm costs the bus ten signals a second.
 */
#pragma once

#include <stdint.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

typedef struct Notifier Notifier;

typedef enum NotifyKind {
    NOTIFY_ADDED,
    NOTIFY_CHANGED,
    NOTIFY_REMOVED,
} NotifyKind;

/* 0 or a negative errno. */
int notifier_new(Notifier **ret_notifier, sd_bus *bus, sd_event *event);
Notifier *notifier_free(Notifier *notifier);
/* Remembers a change of the diagnosis with this id. Out of memory it is lost. */
void notifier_queue(Notifier *notifier, const char *id, NotifyKind kind);
/* The same for the manager's properties: those that count diagnoses and list problems. */
void notifier_queue_manager(Notifier *notifier);

/* Objects with a signal to come; and signals that were left out because the bus did not take
 * what it had. */
size_t notifier_pending(const Notifier *notifier);
uint64_t notifier_dropped(const Notifier *notifier);
