/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/place.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* The weights of what speaks for a place, so that one outweighs all below it. */
#define WEIGHT_KNOWN    (1u << 30)
#define WEIGHT_SERVER   (1u << 29)
#define WEIGHT_LOCATION (1u << 14)
#define LENGTH_MAX      4095u

static unsigned capped(size_t length)
{
    return length > LENGTH_MAX ? LENGTH_MAX : (unsigned)length;
}

static const char *newest(char *const *list)
{
    const char *text = NULL;

    for (size_t i = 0; i < DIAGNOSIS_REQUESTS_MAX && list[i]; i++)
        text = list[i];
    return text;
}

/* "GET /a?b HTTP/1.1": the URI. Decides nothing but the order of what is shown. */
static const char *uri_of(const char *request, size_t *ret_length)
{
    const char *space = request ? strchr(request, ' ') : NULL;

    if (!space)
        return NULL;
    *ret_length = strcspn(space + 1, " ?#");
    return space[1] == '/' ? space + 1 : NULL;
}

/* The length of a location's prefix that the URI lies in; 0 if it does not, or for a regex. */
static size_t location_prefix(const char *location, const char *uri, size_t length)
{
    size_t prefix;

    if (strncmp(location, "= ", 2) == 0)
        location += 2;
    else if (strncmp(location, "^~ ", 3) == 0)
        location += 3;
    prefix = strlen(location);
    return location[0] == '/' && prefix <= length && strncmp(uri, location, prefix) == 0 ? prefix
                                                                                         : 0;
}

static bool is_of_server(const NginxIntent *intent, char *const *servers)
{
    size_t length = intent->server_name ? strcspn(intent->server_name, " ") : 0;

    for (size_t i = 0; length > 0 && i < DIAGNOSIS_REQUESTS_MAX && servers[i]; i++)
        if (strlen(servers[i]) == length && strncmp(servers[i], intent->server_name, length) == 0)
            return true;
    return false;
}

static unsigned weigh(const Diagnosis *diagnosis, const NginxIntent *intent)
{
    size_t length = 0;
    const char *uri = uri_of(newest(diagnosis->requests), &length);
    unsigned weight = intent->known ? WEIGHT_KNOWN : 0;

    if (is_of_server(intent, diagnosis->servers))
        weight += WEIGHT_SERVER;
    if (uri && intent->location)
        weight += WEIGHT_LOCATION * capped(location_prefix(intent->location, uri, length));
    return weight + (intent->path ? capped(strlen(intent->path)) : 0);
}

static const NginxIntent *next_match(const Diagnosis *diagnosis, const NginxIntents *intents,
                                     const NginxIntent *after)
{
    bool bind = diagnosis->have_access && strstr(diagnosis->access.permissions, "name_bind");

    if (!diagnosis->have_access && diagnosis->operation)
        bind = streq(diagnosis->operation, "bind") || streq(diagnosis->operation, "listen");
    switch (diagnosis->target_kind) {
    case TARGET_PORT:
        return diagnosis->port > 0 ? nginx_intent_find_port(intents, diagnosis->port, bind, after)
                                   : NULL;
    case TARGET_SOCKET:
        return diagnosis->path ? nginx_intent_find_socket(intents, diagnosis->path, after) : NULL;
    case TARGET_PATH:
        return diagnosis->path ? nginx_intent_find_path(intents, diagnosis->path, after) : NULL;
    case TARGET_PROCESS:
    case TARGET_OTHER:
    case TARGET_KIND_COUNT:
        break;
    }
    return NULL;
}

static int set_text(char **target, const char *text)
{
    if (!text)
        return 0;
    *target = escape_for_terminal(text);
    return *target ? 0 : -ENOMEM;
}

static int add_place(Diagnosis *diagnosis, const NginxIntent *intent)
{
    ConfigPlace *place = &diagnosis->places[diagnosis->n_places];

    diagnosis->places_total++;
    if (diagnosis->n_places == DIAGNOSIS_PLACES_MAX)
        return 0;
    diagnosis->n_places++;
    place->line = intent->line;
    if (set_text(&place->directive, intent->directive) < 0 ||
        set_text(&place->value, intent->value) < 0 ||
        set_text(&place->context, intent->context) < 0 ||
        set_text(&place->server, intent->server_name) < 0 ||
        set_text(&place->location, intent->location) < 0 ||
        set_text(&place->upstream, intent->upstream) < 0 ||
        set_text(&place->file, intent->file) < 0)
        return -ENOMEM;
    return 0;
}

/* An upstream of many servers stands behind one directive. */
static bool is_same_place(const NginxIntent *a, const NginxIntent *b)
{
    return a && a->line == b->line && streq(a->file, b->file) && streq(a->directive, b->directive);
}

int places_find(Diagnosis *diagnosis, const NginxIntents *intents)
{
    const NginxIntent *intent = NULL, *last = NULL;
    unsigned best = 0;
    int r = 0;

    if (!intents)
        return 0;
    while ((intent = next_match(diagnosis, intents, intent))) {
        unsigned weight = weigh(diagnosis, intent);

        best = weight > best ? weight : best;
    }
    while (r >= 0 && (intent = next_match(diagnosis, intents, intent))) {
        if (weigh(diagnosis, intent) != best || is_same_place(last, intent))
            continue;
        last = intent;
        r = add_place(diagnosis, intent);
    }
    return r;
}
