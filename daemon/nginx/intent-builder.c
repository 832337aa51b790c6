/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/intent-builder.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "daemon/core/limits.h"

const char *intent_context_of(const NginxDirective *directive)
{
    if (!directive->parent)
        return "main";
    while (directive->parent)
        directive = directive->parent;
    return directive->name;
}

/* Appends `part` and a space. NULL if out of memory. */
static char *append_word(char *text, size_t *length, const char *part)
{
    size_t more = strlen(part) + 1;
    char *grown = realloc(text, *length + more + 1);

    if (!grown) {
        free(text);
        return NULL;
    }
    memcpy(grown + *length, part, more - 1);
    *length += more;
    grown[*length - 1] = ' ';
    grown[*length] = '\0';
    return grown;
}

/* The words, separated by spaces, in the list's memory; *ret_text NULL for none. */
static int join_words(IntentBuilder *builder, const NginxDirective *directive, bool server_names,
                      const char **ret_text)
{
    _cleanup_free_ char *text = NULL;
    const NginxDirective *from = server_names ? directive->first : directive;
    size_t length = 0;

    *ret_text = NULL;
    for (; from; from = server_names ? from->next : NULL) {
        if (server_names && !streq(from->name, "server_name"))
            continue;
        for (size_t i = 0; i < from->n_args; i++) {
            text = append_word(text, &length, from->args[i]);
            if (!text)
                return -ENOMEM;
        }
    }
    if (length == 0)
        return 0;
    *ret_text = arena_copy(&builder->intents->memory, text, length - 1);
    return *ret_text ? 0 : -ENOMEM;
}

/* Finds the server and location around the directive and names them. */
static int set_place(IntentBuilder *builder, const NginxDirective *directive, NginxIntent *intent)
{
    const NginxDirective *location = NULL, *at;
    int r;

    for (at = directive; at; at = at->parent) {
        if (at->block && !location && streq(at->name, "location"))
            location = at;
        if (at->block && streq(at->name, "server"))
            break;
    }
    if (at && at != builder->server) {
        r = join_words(builder, at, /* server_names= */ true, &builder->server_name);
        if (r < 0)
            return r;
        builder->server = at;
    }
    if (location && location != builder->location) {
        r = join_words(builder, location, /* server_names= */ false, &builder->location_text);
        if (r < 0)
            return r;
        builder->location = location;
    }
    intent->server_name = at ? builder->server_name : NULL;
    intent->location = location ? builder->location_text : NULL;
    return 0;
}

const char *intent_copy(IntentBuilder *builder, Slice text)
{
    return arena_copy(&builder->intents->memory, text.start, text.length);
}

/* The list's own copy, which is the last one if that was the same: neighbours share. */
static const char *share(IntentBuilder *builder, const char *text, const char *last)
{
    if (last && streq(last, text))
        return last;
    return arena_copy(&builder->intents->memory, text, strlen(text));
}

int intent_add(IntentBuilder *builder, NginxIntentKind kind, const NginxDirective *directive,
               const char *value, NginxIntent **ret_intent)
{
    NginxIntents *intents = builder->intents;
    NginxIntent intent = {.kind = kind, .port = -1, .port_last = -1, .known = true};
    const NginxIntent *last = NULL;

    *ret_intent = NULL;
    if (intents->n_items == NGINX_INTENTS_MAX) {
        intents->truncated = true;
        return 0;
    }
    if (intents->n_items == intents->size) {
        size_t size = intents->size ? intents->size * 2 : 64;
        NginxIntent *items = realloc(intents->items, size * sizeof(*items));

        if (!items)
            return -ENOMEM;
        intents->items = items;
        intents->size = size;
    }
    if (intents->n_items > 0)
        last = &intents->items[intents->n_items - 1];
    intent.value = share(builder, value, last ? last->value : NULL);
    intent.context = share(builder, directive ? intent_context_of(directive) : "main",
                           last ? last->context : NULL);
    intent.directive =
        share(builder, directive ? directive->name : "", last ? last->directive : NULL);
    intent.file = share(builder, directive ? directive->file : "", last ? last->file : NULL);
    intent.line = directive ? directive->line : 0;
    if (!intent.value || !intent.context || !intent.directive || !intent.file)
        return -ENOMEM;
    if (directive) {
        int r = set_place(builder, directive, &intent);

        if (r < 0)
            return r;
    }
    intents->items[intents->n_items] = intent;
    *ret_intent = &intents->items[intents->n_items++];
    return 0;
}

int intent_set_endpoint(IntentBuilder *builder, NginxIntent *intent, const ConfEndpoint *endpoint,
                        int default_port)
{
    intent->known = !endpoint->variable;
    if (endpoint->socket.start) {
        intent->socket = intent_copy(builder, endpoint->socket);
        return intent->socket ? 0 : -ENOMEM;
    }
    if (endpoint->address.start) {
        intent->address = intent_copy(builder, endpoint->address);
        if (!intent->address)
            return -ENOMEM;
        intent->numeric = endpoint->numeric;
    }
    intent->port = endpoint->port;
    intent->port_last = endpoint->port_last;
    if (intent->port < 0 && !endpoint->variable)
        intent->port = intent->port_last = default_port;
    return 0;
}

/* --- names --------------------------------------------------------------- */

int intent_names_add(IntentNames *names, const char *context, const char *name, const char *value,
                     const NginxDirective *directive)
{
    if (names->n_items == names->size) {
        size_t size = names->size ? names->size * 2 : 16;
        IntentName *items = realloc(names->items, size * sizeof(*items));

        if (!items)
            return -ENOMEM;
        names->items = items;
        names->size = size;
    }
    names->items[names->n_items] =
        (IntentName){context, name, value, directive, names->n_items, false};
    names->n_items++;
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    const IntentName *x = a, *y = b;
    int r = strcasecmp(x->name, y->name);

    if (r == 0 && x->context && y->context)
        r = strcmp(x->context, y->context);
    return r != 0 ? r : (x->order > y->order) - (x->order < y->order);
}

void intent_names_sort(IntentNames *names)
{
    if (names->n_items > 1)
        qsort(names->items, names->n_items, sizeof(*names->items), compare_names);
}

static int compare_key(const IntentName *item, const char *context, Slice name)
{
    int r = strncasecmp(item->name, name.start, name.length);

    if (r == 0 && item->name[name.length] != '\0')
        return 1;
    return r == 0 && context ? strcmp(item->context, context) : r;
}

IntentName *intent_names_find(const IntentNames *names, const char *context, Slice name,
                              size_t *ret_count)
{
    size_t low = 0, high = names->n_items, end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_key(&names->items[middle], context, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < names->n_items && compare_key(&names->items[end], context, name) == 0;)
        end++;
    *ret_count = end - low;
    return end > low ? &names->items[low] : NULL;
}
