/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/policy/compiled.h"

#include <netinet/in.h>

#include <sepol/debug.h>

#include "daemon/selinux/libsepol.h"
#include "daemon/selinux/ports.h"

#define NAMES_MAX 16384u

/* "port" among the kernel's initial SIDs (security/selinux/include/initial_sid_to_string.h). */
#define INITIAL_SID_PORT 9u

/* The key is a hash of (source, target, class), each below 2^16, which leaves it exact. */
typedef struct Cell {
    uint64_t key; /* 0: free */
    uint32_t permissions;
} Cell;

struct Compiled {
    Cell *cells;
    size_t n_cells, n_used; /* n_cells is a power of two */
    uint32_t *types;
    size_t n_types;
    bool *has_type; /* by number */
    uint16_t *ports[PORT_PROTOCOL_COUNT];
    uint32_t port_permissions[PORT_PROTOCOL_COUNT];
    /* While it is being read. */
    policydb_t *source;
    uint32_t *type_numbers, *class_numbers; /* by the policy's value - 1 */
};

/* --- names ------------------------------------------------------------------ */

static char *names[NAMES_MAX];
static uint32_t n_names = 1;

uint32_t name_number(const char *name)
{
    static uint16_t slots[4 * NAMES_MAX];
    uint32_t hash = 2166136261u, slot;

    for (const char *c = name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    for (slot = hash % ELEMENTS_OF(slots); slots[slot]; slot = (slot + 1) % ELEMENTS_OF(slots))
        if (strcmp(names[slots[slot]], name) == 0)
            return slots[slot];
    if (n_names == NAMES_MAX || !(names[n_names] = strdup(name)))
        abort();
    slots[slot] = (uint16_t)n_names;
    return n_names++;
}

const char *name_text(uint32_t number)
{
    return names[number];
}

/* --- the table of accesses ---------------------------------------------------- */

static uint64_t make_key(uint32_t source, uint32_t target, uint32_t class)
{
    return (uint64_t)source << 32 | (uint64_t)target << 16 | class;
}

static Cell *find_cell(const Compiled *compiled, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20);

    for (;; at++) {
        Cell *cell = &compiled->cells[at & (compiled->n_cells - 1)];

        if (cell->key == key || cell->key == 0)
            return cell;
    }
}

static void enlarge(Compiled *compiled)
{
    Cell *old = compiled->cells;
    size_t n_old = compiled->n_cells;

    compiled->n_cells = n_old ? n_old * 2 : 1u << 12;
    compiled->cells = calloc(compiled->n_cells, sizeof(*compiled->cells));
    if (!compiled->cells)
        abort();
    for (size_t i = 0; i < n_old; i++)
        if (old[i].key)
            *find_cell(compiled, old[i].key) = old[i];
    free(old);
}

static void add_access(Compiled *compiled, uint32_t source, uint32_t target, uint32_t class,
                       uint32_t permissions)
{
    uint64_t key = make_key(source, target, class);
    Cell *cell;

    if (compiled->n_used * 2 >= compiled->n_cells)
        enlarge(compiled);
    cell = find_cell(compiled, key);
    compiled->n_used += cell->key == 0;
    cell->key = key;
    cell->permissions |= permissions;
}

uint32_t compiled_allowed(const Compiled *compiled, uint32_t source, uint32_t target,
                          uint32_t class)
{
    return find_cell(compiled, make_key(source, target, class))->permissions;
}

void compiled_for_each(const Compiled *compiled, CompiledSink sink, void *userdata)
{
    for (size_t i = 0; i < compiled->n_cells; i++) {
        const Cell *cell = &compiled->cells[i];

        if (cell->key)
            sink((uint32_t)(cell->key >> 32), (uint32_t)(cell->key >> 16) & 0xffff,
                 (uint32_t)cell->key & 0xffff, cell->permissions, userdata);
    }
}

/* --- reading ------------------------------------------------------------------ */

static void add_rule(Compiled *compiled, const struct avtab_node *rule)
{
    const policydb_t *db = compiled->source;
    const ebitmap_t *sources = &db->attr_type_map[rule->key.source_type - 1];
    const ebitmap_t *targets = &db->attr_type_map[rule->key.target_type - 1];
    const uint32_t class = compiled->class_numbers[rule->key.target_class - 1];
    ebitmap_node_t *s, *t;
    unsigned source, target;

    if (!(rule->key.specified & AVTAB_ALLOWED))
        return;
    ebitmap_for_each_positive_bit (sources, s, source) {
        ebitmap_for_each_positive_bit (targets, t, target)
            add_access(compiled, compiled->type_numbers[source], compiled->type_numbers[target],
                       class, rule->datum.data);
    }
}

static void add_rules(Compiled *compiled)
{
    policydb_t *db = compiled->source;

    for (uint32_t i = 0; i < db->te_avtab.nslot; i++)
        for (avtab_ptr_t rule = db->te_avtab.htable[i]; rule; rule = rule->next)
            add_rule(compiled, rule);
    for (cond_list_t *condition = db->cond_list; condition; condition = condition->next) {
        int value = cond_evaluate_expr(db, condition->expr);
        cond_av_list_t *rule = value == 1   ? condition->true_list
                               : value == 0 ? condition->false_list
                                            : NULL;

        for (; rule; rule = rule->next)
            add_rule(compiled, rule->node);
    }
}

static void add_names(Compiled *compiled)
{
    policydb_t *db = compiled->source;
    uint32_t n = db->p_types.nprim;

    compiled->type_numbers = calloc(n, sizeof(uint32_t));
    compiled->class_numbers = calloc(db->p_classes.nprim, sizeof(uint32_t));
    compiled->types = calloc(n, sizeof(uint32_t));
    compiled->has_type = calloc(NAMES_MAX, sizeof(bool));
    if (!compiled->type_numbers || !compiled->class_numbers || !compiled->types ||
        !compiled->has_type)
        abort();
    for (uint32_t i = 0; i < n; i++) {
        if (!db->p_type_val_to_name[i] || db->type_val_to_struct[i]->flavor == TYPE_ATTRIB)
            continue;
        compiled->type_numbers[i] = name_number(db->p_type_val_to_name[i]);
        compiled->has_type[compiled->type_numbers[i]] = true;
        compiled->types[compiled->n_types++] = compiled->type_numbers[i];
    }
    for (uint32_t i = 0; i < db->p_classes.nprim; i++)
        if (db->p_class_val_to_name[i])
            compiled->class_numbers[i] = name_number(db->p_class_val_to_name[i]);
}

static void add_ports(Compiled *compiled)
{
    static const uint8_t protocols[PORT_PROTOCOL_COUNT] = {
        [PORT_TCP] = IPPROTO_TCP,
        [PORT_UDP] = IPPROTO_UDP,
        [PORT_DCCP] = IPPROTO_DCCP,
        [PORT_SCTP] = IPPROTO_SCTP,
    };
    policydb_t *db = compiled->source;
    uint32_t initial = 0;

    for (ocontext_t *sid = db->ocontexts[OCON_ISID]; sid; sid = sid->next)
        if (sid->sid[0] == INITIAL_SID_PORT)
            initial = compiled->type_numbers[sid->context[0].type - 1];
    for (unsigned p = 0; p < PORT_PROTOCOL_COUNT; p++) {
        uint16_t *ports = calloc(65536, sizeof(*ports));

        if (!ports)
            abort();
        for (ocontext_t *record = db->ocontexts[OCON_PORT]; record; record = record->next)
            for (uint32_t port = record->u.port.low_port;
                 record->u.port.protocol == protocols[p] && port <= record->u.port.high_port;
                 port++)
                if (ports[port] == 0)
                    ports[port] = (uint16_t)compiled->type_numbers[record->context[0].type - 1];
        for (uint32_t port = 0; port < 65536; port++)
            if (ports[port] == 0)
                ports[port] = (uint16_t)initial;
        compiled->ports[p] = ports;
    }
}

static uint32_t find_permission(const class_datum_t *class, const char *name)
{
    perm_datum_t *permission = hashtab_search(class->permissions.table, name);

    if (!permission && class->comdatum)
        permission = hashtab_search(class->comdatum->permissions.table, name);
    return permission ? UINT32_C(1) << (permission->s.value - 1) : 0;
}

static void add_port_permissions(Compiled *compiled)
{
    for (unsigned p = 0; p < PORT_PROTOCOL_COUNT; p++) {
        const class_datum_t *class =
            hashtab_search(compiled->source->p_classes.table, port_protocol_class((PortProtocol)p));

        if (class)
            compiled->port_permissions[p] =
                find_permission(class, "name_connect") | find_permission(class, "name_bind");
    }
}

Compiled *compiled_load(const char *path)
{
    Compiled *compiled = calloc(1, sizeof(*compiled));
    sepol_handle_t *handle = sepol_handle_create();
    sepol_policydb_t *policy = NULL;
    sepol_policy_file_t *file = NULL;
    FILE *stream = fopen(path, "re");
    bool loaded = false;

    if (!compiled || !handle || sepol_policydb_create(&policy) < 0 ||
        sepol_policy_file_create(&file) < 0)
        abort();
    sepol_msg_set_callback(handle, NULL, NULL);
    if (stream) {
        sepol_policy_file_set_fp(file, stream);
        sepol_policy_file_set_handle(file, handle);
        loaded = sepol_policydb_read(policy, file) == 0;
        (void)fclose(stream);
    }
    if (loaded) {
        compiled->source = &policy->p;
        enlarge(compiled);
        add_names(compiled);
        add_rules(compiled);
        add_ports(compiled);
        add_port_permissions(compiled);
        compiled->source = NULL;
    }
    sepol_policy_file_free(file);
    sepol_policydb_free(policy);
    sepol_handle_destroy(handle);
    return loaded ? compiled : compiled_free(compiled);
}

Compiled *compiled_free(Compiled *compiled)
{
    if (!compiled)
        return NULL;
    for (unsigned p = 0; p < PORT_PROTOCOL_COUNT; p++)
        free(compiled->ports[p]);
    free(compiled->cells);
    free(compiled->types);
    free(compiled->has_type);
    free(compiled->type_numbers);
    free(compiled->class_numbers);
    free(compiled);
    return NULL;
}

bool compiled_has_type(const Compiled *compiled, uint32_t type)
{
    return compiled->has_type[type];
}

uint32_t compiled_port_type(const Compiled *compiled, PortProtocol protocol, uint16_t port)
{
    return compiled->ports[protocol][port];
}

uint32_t compiled_port_permissions(const Compiled *compiled, PortProtocol protocol)
{
    return compiled->port_permissions[protocol];
}

size_t compiled_types(const Compiled *compiled, const uint32_t **ret_types)
{
    *ret_types = compiled->types;
    return compiled->n_types;
}
