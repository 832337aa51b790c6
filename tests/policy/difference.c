/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/policy/difference.h"

#include "daemon/selinux/ports.h"

typedef struct Search {
    const Compiled *before, *after;
    Differences *found;
    bool reversed; /* what is iterated over is `after` */
} Search;

static uint64_t make_key(uint32_t domain, uint32_t target, uint32_t class)
{
    return (uint64_t)domain << 32 | (uint64_t)target << 16 | class;
}

uint32_t change_domain(const Change *change)
{
    return (uint32_t)(change->key >> 32);
}

uint32_t change_target(const Change *change)
{
    return (uint32_t)(change->key >> 16) & 0xffff;
}

static void add(Changes *changes, uint64_t key, uint32_t permissions)
{
    if (permissions == 0)
        return;
    /* A power of two: full. */
    if ((changes->n & (changes->n - 1)) == 0) {
        size_t room = changes->n ? changes->n * 2 : 1;

        changes->items = reallocarray(changes->items, room, sizeof(*changes->items));
        if (!changes->items)
            abort();
    }
    changes->items[changes->n++] = (Change){key, permissions};
}

static int compare_changes(const void *left, const void *right)
{
    const Change *a = left, *b = right;

    return a->key < b->key ? -1 : a->key > b->key;
}

/* One change an access, with all its permissions. */
static void merge(Changes *changes)
{
    size_t kept = 0;

    if (changes->n > 0)
        qsort(changes->items, changes->n, sizeof(*changes->items), compare_changes);
    for (size_t i = 0; i < changes->n; i++) {
        if (kept > 0 && changes->items[kept - 1].key == changes->items[i].key)
            changes->items[kept - 1].permissions |= changes->items[i].permissions;
        else
            changes->items[kept++] = changes->items[i];
    }
    changes->n = kept;
}

/* --- rules --------------------------------------------------------------------- */

static void compare_access(uint32_t source, uint32_t target, uint32_t class, uint32_t permissions,
                           void *userdata)
{
    const Search *search = userdata;
    const Compiled *other = search->reversed ? search->before : search->after;
    uint32_t others;

    /* A type that is new labels a port, and counts through that. */
    if (!compiled_has_type(other, source) || !compiled_has_type(other, target))
        return;
    others = compiled_allowed(other, source, target, class);
    add(search->reversed ? &search->found->gains : &search->found->losses,
        make_key(source, target, class), permissions & ~others);
}

/* --- labels -------------------------------------------------------------------- */

/* Objects that go from one type to another, for all domains. */
static void compare_move(const Search *search, uint32_t old_type, uint32_t new_type, uint32_t class,
                         uint32_t permissions)
{
    const uint32_t *types;
    size_t n = compiled_types(search->after, &types);

    for (size_t i = 0; i < n; i++) {
        uint32_t had = compiled_allowed(search->before, types[i], old_type, class) & permissions;
        uint32_t has = compiled_allowed(search->after, types[i], new_type, class) & permissions;

        add(&search->found->gains, make_key(types[i], new_type, class), has & ~had);
        add(&search->found->losses, make_key(types[i], old_type, class), had & ~has);
    }
}

static void compare_ports(const Search *search)
{
    for (unsigned p = 0; p < PORT_PROTOCOL_COUNT; p++) {
        uint32_t class = name_number(port_protocol_class((PortProtocol)p));
        uint32_t old_type = 0, new_type = 0;

        for (uint32_t port = 0; port < 65536; port++) {
            uint32_t a = compiled_port_type(search->before, (PortProtocol)p, (uint16_t)port);
            uint32_t b = compiled_port_type(search->after, (PortProtocol)p, (uint16_t)port);

            if (a == b || (a == old_type && b == new_type))
                continue;
            old_type = a;
            new_type = b;
            compare_move(search, a, b, class,
                         compiled_port_permissions(search->after, (PortProtocol)p));
        }
    }
}

static uint32_t count_ports(const Search *search, uint32_t domain)
{
    uint32_t n = 0;

    for (uint32_t port = 0; port < 65536; port++) {
        uint32_t gained = 0;

        for (unsigned p = PORT_TCP; p <= PORT_UDP; p++) {
            uint32_t class = name_number(port_protocol_class((PortProtocol)p));
            uint32_t a = compiled_port_type(search->before, (PortProtocol)p, (uint16_t)port);
            uint32_t b = compiled_port_type(search->after, (PortProtocol)p, (uint16_t)port);

            gained |= compiled_allowed(search->after, domain, b, class) &
                      ~compiled_allowed(search->before, domain, a, class) &
                      compiled_port_permissions(search->after, (PortProtocol)p);
        }
        n += gained != 0;
    }
    return n;
}

Differences differences_find(const Compiled *before, const Compiled *after,
                             const Relabelled *relabelled, const char *focus)
{
    Differences found = {};
    Search search = {before, after, &found, false};

    compiled_for_each(before, compare_access, &search);
    search.reversed = true;
    compiled_for_each(after, compare_access, &search);
    compare_ports(&search);
    if (relabelled)
        for (const char *const *class = relabelled->classes; *class; class ++)
            compare_move(&search, name_number(relabelled->old_type),
                         name_number(relabelled->new_type), name_number(*class), ~0u);
    merge(&found.gains);
    merge(&found.losses);
    found.ports = count_ports(&search, name_number(focus));
    return found;
}

void differences_clear(Differences *differences)
{
    free(differences->gains.items);
    free(differences->losses.items);
    *differences = (Differences){};
}

/* --- looking into them ----------------------------------------------------------- */

size_t changes_count_domains(const Changes *changes)
{
    size_t n = 0;

    /* By key, so that those of a domain stand together. */
    for (size_t i = 0; i < changes->n; i++)
        n += i == 0 || change_domain(&changes->items[i - 1]) != change_domain(&changes->items[i]);
    return n;
}

size_t changes_count_targets(const Changes *changes)
{
    bool *seen = calloc(65536, sizeof(*seen));
    size_t n = 0;

    if (!seen)
        abort();
    for (size_t i = 0; i < changes->n; i++) {
        uint32_t target = change_target(&changes->items[i]);

        n += !seen[target];
        seen[target] = true;
    }
    free(seen);
    return n;
}

const Change *changes_find(const Changes *changes, const char *domain, const char *target,
                           const char *class)
{
    Change wanted = {.key = make_key(name_number(domain), name_number(target), name_number(class))};

    return changes->n > 0
               ? bsearch(&wanted, changes->items, changes->n, sizeof(wanted), compare_changes)
               : NULL;
}
