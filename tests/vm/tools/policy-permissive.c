/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes a domain permissive in the running kernel: takes the policy that the kernel gives out,
 * sets that one bit and loads it. `semanage permissive` does the same through the store, where
 * it takes minutes in the emulated machine; the store stays as it is, so that load_policy(8)
 * brings back what was before.
 *
 *   policy-permissive DOMAIN
 */
#include <selinux/selinux.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/selinux/libsepol.h"

static int fail(const char *what)
{
    fprintf(stderr, "policy-permissive: %s\n", what);
    return 1;
}

/* The kernel's policy, malloc'd. Its size is not known before it is read. */
static char *read_policy(size_t *ret_size)
{
    FILE *stream = fopen("/sys/fs/selinux/policy", "re");
    if (!stream)
        return NULL;
    char *image = NULL;
    size_t size = 0, room = 0, n;
    do {
        if (size == room) {
            room += 1u << 22;
            char *more = realloc(image, room);
            if (!more)
                break;
            image = more;
        }
        n = fread(image + size, 1, room - size, stream);
        size += n;
    } while (n);
    fclose(stream);
    *ret_size = size;
    return image;
}

/* libsepol keeps its own functions for both tables to itself. */
static type_datum_t *find_type(policydb_t *policy, const char *name)
{
    hashtab_t table = policy->p_types.table;
    for (unsigned i = 0; i < table->size; i++)
        for (hashtab_ptr_t entry = table->htable[i]; entry; entry = entry->next)
            if (!strcmp(entry->key, name))
                return entry->datum;
    return NULL;
}

static int set_bit(ebitmap_t *map, uint32_t bit)
{
    uint32_t start = bit / MAPSIZE * MAPSIZE;
    ebitmap_node_t **at = &map->node;
    while (*at && (*at)->startbit < start)
        at = &(*at)->next;
    if (!*at || (*at)->startbit != start) {
        ebitmap_node_t *node = calloc(1, sizeof *node);
        if (!node)
            return -1;
        node->startbit = start;
        node->next = *at;
        *at = node;
        if (!node->next)
            map->highbit = start + MAPSIZE;
    }
    (*at)->map |= (MAPTYPE)1 << (bit - start);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return fail("usage: policy-permissive DOMAIN");
    size_t size = 0;
    char *image = read_policy(&size);
    sepol_policydb_t *db = NULL;
    sepol_policy_file_t *file = NULL;
    if (!image || sepol_policydb_create(&db) || sepol_policy_file_create(&file))
        return fail("cannot read the policy");
    sepol_policy_file_set_mem(file, image, size);
    if (sepol_policydb_read(db, file))
        return fail("cannot parse the policy");

    policydb_t *policy = &db->p;
    type_datum_t *type = find_type(policy, argv[1]);
    if (!type)
        return fail("no such domain");
    if (set_bit(&policy->permissive_map, type->s.value))
        return fail("out of memory");

    void *changed = NULL;
    size_t changed_size = 0;
    if (sepol_policydb_to_image(NULL, db, &changed, &changed_size))
        return fail("cannot write the policy");
    if (security_load_policy(changed, changed_size))
        return fail("the kernel does not take it");
    free(changed);
    sepol_policy_file_free(file);
    sepol_policydb_free(db);
    free(image);
    return 0;
}
