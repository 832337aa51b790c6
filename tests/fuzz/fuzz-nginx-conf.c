/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/nginx/conf-intent.h"
#include "daemon/nginx/conf-read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_intent(const NginxIntents *intents, const NginxIntent *intent)
{
    if (!intent->value || !intent->directive || !intent->context || !intent->file)
        abort();
    if (intent->port < -1 || intent->port > 65535 || intent->port_last < intent->port)
        abort();
    if (intent->path && intent->path[0] != '/')
        abort();
    /* what is in the list is found */
    if (intent->path && !nginx_intent_find_path(intents, intent->path, NULL))
        abort();
    if (intent->socket && !nginx_intent_find_socket(intents, intent->socket, NULL))
        abort();
    if (intent->port >= 0 &&
        !nginx_intent_find_port(intents, intent->port, intent->kind == NGINX_INTENT_LISTEN, NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char log[] = "/var/log/nginx/error.log";
    char *logs[] = {log, NULL};
    NginxConf *conf = NULL;
    NginxIntents *intents = NULL;
    size_t n = 0;

    if (nginx_conf_parse("fuzz.conf", (const char *)data, size, NULL, &conf) < 0)
        return 0;
    for (const NginxDirective *at = conf->first; at; at = nginx_directive_next(at)) {
        if (!at->name || strlen(at->file) == 0 || at->line == 0)
            abort();
        n++;
    }
    if (n != conf->n_directives)
        abort();
    if (nginx_intents_new(conf, logs, &intents) == 0)
        for (size_t i = 0; i < intents->n_items && i < 1000; i++)
            check_intent(intents, &intents->items[i]);
    nginx_intents_free(intents);
    nginx_conf_free(conf);
    return 0;
}
