/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Has nginx try its configuration and take it: its own test, then a reload, or a start where it
 * failed to start before.
 *
 * All of it is done by systemd (org.freedesktop.systemd1 on the same bus; systemd's man page
 * org.freedesktop.systemd1(5)): the test is nginx-selguard-nginx-test.service. Started by PID 1 it
 * is in nginx's own SELinux domain, so that it binds, opens and reads what nginx itself will, with
 * nginx's rights. A unit of its own, and no transient one: who may start those may run anything.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "daemon/remedy/nginx-command.h"

typedef struct NginxReload NginxReload;

typedef struct NginxReloadHandlers {
    /* "testing-nginx", "reloading-nginx". */
    void (*phase)(const char *phase, void *userdata);
    /* `result` 0: `text` says what was done. Else a negative errno, and why: -ENOENT no unit of
     * these names, -EBADMSG nginx's own test failed, -ETIMEDOUT, -EIO. The object is freed when
     * the handler returns. */
    void (*finished)(int result, const char *text, void *userdata);
} NginxReloadHandlers;

typedef enum NginxStep {
    NGINX_STEP_RELOAD,
    NGINX_STEP_START,
    NGINX_STEP_RESTART,
    NGINX_STEP_NOTHING, /* it does not run, and is not meant to */
} NginxStep;

/* From systemd's ActiveState and UnitFileState. A unit that failed, or is enabled and down, is
 * started; one that an administrator stopped and disabled is not. */
NginxStep nginx_reload_decide(const char *active_state, const char *unit_file_state);

/* `units` (NULL-terminated): the first of them that is loaded counts. It is copied. One handler
 * follows, from the event loop. 0 or a negative errno. */
int nginx_reload_start(NginxReload **ret_reload, sd_bus *bus, char *const *units,
                       const NginxReloadHandlers *handlers, void *userdata);
/* No handler runs any more; what systemd was asked for goes on. Accepts and returns NULL. */
NginxReload *nginx_reload_free(NginxReload *reload);
