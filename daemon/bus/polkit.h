/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks polkit whether the sender of a message may do something, without blocking.
 * Interface: org.freedesktop.PolicyKit1.Authority of polkit's reference manual.
 *
 * The subject is always the sender's unique bus name, so that polkit looks up by itself
 * who that is: nothing the caller says about itself counts. Root is asked about as well
 * (polkit says yes). Whatever goes wrong is a refusal, never a yes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

typedef enum PolkitAnswer {
    POLKIT_AUTHORIZED,
    POLKIT_DENIED,      /* no, or the person dismissed the question */
    POLKIT_CHALLENGE,   /* a person would have to be asked, but the message forbids that */
    POLKIT_UNAVAILABLE, /* polkit is not there, does not know the action, or was too slow */
    POLKIT_CANCELLED,   /* the caller left the bus, or the registry was freed: nobody waits */
} PolkitAnswer;

/* The pending checks of one bus connection. */
typedef struct Polkit Polkit;

/* `action_id` is the action that the answer is about, `problem` a sentence for the
 * caller (NULL if authorized). `message` is the one the check was for, still unanswered. */
typedef void (*PolkitCallback)(sd_bus_message *message, PolkitAnswer answer, const char *action_id,
                               const char *problem, void *userdata);

/* Takes a reference on the bus. */
int polkit_new(Polkit **ret_polkit, sd_bus *bus);
/* Ends every pending check as cancelled. Accepts and returns NULL. */
Polkit *polkit_free(Polkit *polkit);

/* Asks about each action in turn; all must be authorized. Copies its arguments.
 *
 * `action_ids`: NULL-terminated, at least one.
 * `details`: NULL, or name, value, name, value, …, NULL. polkit hands them to its rules
 *   and takes the prompt from "polkit.message". It accepts them only from root or from
 *   the action's owner (annotation org.freedesktop.policykit.owner): others pass NULL.
 *
 * Interaction is allowed if the message allows it. On success `callback` runs exactly once,
 * later, from the event loop. On an error it does not run: -EDQUOT when the caller's user or
 * all users together have too many checks pending, or another negative errno. */
int polkit_check(Polkit *polkit, sd_bus_message *message, const char *const *action_ids,
                 const char *const *details, PolkitCallback callback, void *userdata);

/* 0 for NULL. */
size_t polkit_pending(const Polkit *polkit);

/* Sets the D-Bus error that tells a caller about an answer other than authorized, and
 * returns its negative errno. */
int polkit_answer_to_error(PolkitAnswer answer, const char *action_id, const char *problem,
                           sd_bus_error *ret_error);
