/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/exposure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/exposure-internal.h"
#include "daemon/selinux/ports-internal.h"

/* One direction: gains or losses. */
typedef struct Tally {
    DifferenceItem focus[POLICY_EXPOSURE_SAMPLE_MAX]; /* of the domain in focus */
    size_t n_focus;
    DifferenceItem others[POLICY_EXPOSURE_SAMPLE_MAX];
    size_t n_others;
    size_t total;
    bool *domains; /* by value */
    bool *targets;
    bool *port_users; /* domains whose use of ports may have changed */
} Tally;

typedef struct Count {
    const Difference *difference;
    uint32_t focus;
    Tally gains;
    Tally losses;
} Count;

static int tally_init(Tally *tally, uint32_t n_types)
{
    size_t cells = (size_t)n_types + 1;

    tally->domains = calloc(3 * cells, sizeof(bool));
    if (!tally->domains)
        return -ENOMEM;
    tally->targets = tally->domains + cells;
    tally->port_users = tally->targets + cells;
    return 0;
}

static void tally_add(Tally *tally, const Count *count, const DifferenceItem *item,
                      uint32_t permissions)
{
    DifferenceItem *sample = item->domain == count->focus ? tally->focus : tally->others;
    size_t *n = item->domain == count->focus ? &tally->n_focus : &tally->n_others;

    tally->total++;
    tally->domains[item->domain] = true;
    tally->targets[item->target] = true;
    if (permissions & exposure_port_permissions(count->difference->before->policy, item->class))
        tally->port_users[item->domain] = true;
    if (*n < POLICY_EXPOSURE_SAMPLE_MAX)
        sample[(*n)++] = *item;
}

static int count_item(const DifferenceItem *item, void *data)
{
    Count *count = data;

    if (item->gained != 0)
        tally_add(&count->gains, count, item, item->gained);
    if (item->lost != 0)
        tally_add(&count->losses, count, item, item->lost);
    return 0;
}

/* What rules alone change about an access: counted before its labels are looked at. */
static DifferenceItem changed_by_rules(const Difference *difference, const DifferenceItem *item)
{
    DifferenceItem change = *item;
    uint32_t n_before = hypothesis_n_types(difference->before);
    uint32_t n_after = hypothesis_n_types(difference->after);
    uint32_t n_both = n_before < n_after ? n_before : n_after;
    uint32_t had = 0, has = 0;

    if (item->domain <= n_both && item->target <= n_both) {
        had = decide_allowed_by_rules(difference->before, item->domain, item->target, item->class);
        has = decide_allowed_by_rules(difference->after, item->domain, item->target, item->class);
    }
    change.gained = has & ~had;
    change.lost = had & ~has;
    return change;
}

/* More permissions of an access that was counted. */
static void tally_extend(Tally *tally, const Count *count, const DifferenceItem *item,
                         uint32_t permissions)
{
    DifferenceItem *sample = item->domain == count->focus ? tally->focus : tally->others;
    size_t n = item->domain == count->focus ? tally->n_focus : tally->n_others;

    if (permissions & exposure_port_permissions(count->difference->before->policy, item->class))
        tally->port_users[item->domain] = true;
    for (size_t i = 0; i < n; i++) {
        if (sample[i].domain != item->domain || sample[i].target != item->target ||
            sample[i].class != item->class)
            continue;
        sample[i].gained |= item->gained;
        sample[i].lost |= item->lost;
        return;
    }
}

/* A change that comes from a label. An access whose rules change as well is one access. */
static int count_label_item(const DifferenceItem *item, void *data)
{
    Count *count = data;
    const DifferenceItem rules = changed_by_rules(count->difference, item);

    if (item->gained != 0)
        (rules.gained != 0 ? tally_extend : tally_add)(&count->gains, count, item, item->gained);
    if (item->lost != 0)
        (rules.lost != 0 ? tally_extend : tally_add)(&count->losses, count, item, item->lost);
    return 0;
}

/* --- ports -------------------------------------------------------------- */

typedef struct Ports {
    PortRange *gained;
    size_t n_gained;
    PortRange *lost;
    size_t n_lost;
} Ports;

static int note_segment(const Count *count, uint32_t domain, const PortSegment *segment,
                        uint32_t gained, uint32_t lost, Ports *ports)
{
    int r = 0;

    if (gained != 0 && (count->focus == 0 || count->focus == domain))
        r = port_ranges_append(&ports->gained, &ports->n_gained, segment->low, segment->high);
    if (r >= 0 && lost != 0)
        r = port_ranges_append(&ports->lost, &ports->n_lost, segment->low, segment->high);
    return r;
}

static int count_ports_of(const Count *count, uint32_t domain, uint32_t class,
                          const PortSegment *segments, size_t n, uint32_t *rows, Ports *ports)
{
    const Difference *difference = count->difference;
    uint32_t permissions = exposure_port_permissions(difference->before->policy, class);
    uint32_t *before = rows;
    uint32_t *after = rows + difference->n_types + 1;

    exposure_fill_row(difference->before, domain, class, difference->n_types, before);
    exposure_fill_row(difference->after, domain, class, difference->n_types, after);
    for (size_t i = 0; i < n; i++) {
        uint32_t had = before[segments[i].before] & permissions;
        uint32_t has = after[segments[i].after] & permissions;
        int r = note_segment(count, domain, &segments[i], has & ~had, had & ~has, ports);

        if (r < 0)
            return r;
    }
    /* Many domains share their ranges: merging as it goes keeps the list short. */
    ports->n_gained = port_ranges_merge(ports->gained, ports->n_gained);
    ports->n_lost = port_ranges_merge(ports->lost, ports->n_lost);
    return 0;
}

static int count_ports(const Count *count, Ports *ports)
{
    static const PortProtocol counted[] = {PORT_TCP, PORT_UDP};
    const Difference *difference = count->difference;
    _cleanup_free_ uint32_t *rows = calloc(2 * ((size_t)difference->n_types + 1), sizeof(*rows));

    if (!rows)
        return -ENOMEM;
    for (size_t p = 0; p < ELEMENTS_OF(counted); p++) {
        uint32_t class =
            policy_find_class(difference->before->policy, port_protocol_class(counted[p]));
        _cleanup_free_ PortSegment *segments = NULL;
        size_t n = 0;
        int r;

        r = exposure_port_segments(difference, counted[p], &segments, &n);
        for (uint32_t domain = 1; domain <= difference->n_types && r >= 0; domain++)
            if (count->gains.port_users[domain] || count->losses.port_users[domain])
                r = count_ports_of(count, domain, class, segments, n, rows, ports);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Ranges that grew by doubling, cut to what they hold; NULL for none. */
static PortRange *fit_ranges(PortRange *ranges, size_t n)
{
    PortRange *fitted;

    if (n == 0) {
        free(ranges);
        return NULL;
    }
    fitted = reallocarray(ranges, n, sizeof(*ranges));
    return fitted ? fitted : ranges;
}

/* --- results ------------------------------------------------------------ */

static const char *name_of(const Count *count, uint32_t type)
{
    const char *name = hypothesis_type_name(count->difference->after, type);

    return name ? name : strempty(hypothesis_type_name(count->difference->before, type));
}

static int change_from_item(const Count *count, const DifferenceItem *item, uint32_t permissions,
                            AccessChange *ret_change)
{
    const Policy *policy = count->difference->before->policy;
    AccessChange change = {
        .domain = strdup(name_of(count, item->domain)),
        .target_type = strdup(name_of(count, item->target)),
        .target_class = strdup(strempty(policy_class_name(policy, item->class))),
        .permissions = policy_permissions_to_string(policy, item->class, permissions),
    };

    if (!change.domain || !change.target_type || !change.target_class || !change.permissions) {
        access_change_clear(&change);
        return -ENOMEM;
    }
    *ret_change = change;
    return 0;
}

static int take_sample(const Count *count, const Tally *tally, bool lost,
                       AccessChange **ret_changes, size_t *ret_n)
{
    AccessChange *changes = calloc(POLICY_EXPOSURE_SAMPLE_MAX, sizeof(*changes));
    size_t n = 0;

    if (!changes)
        return -ENOMEM;
    for (size_t i = 0; i < tally->n_focus + tally->n_others && n < POLICY_EXPOSURE_SAMPLE_MAX;
         i++) {
        const DifferenceItem *item =
            i < tally->n_focus ? &tally->focus[i] : &tally->others[i - tally->n_focus];

        if (change_from_item(count, item, lost ? item->lost : item->gained, &changes[n]) < 0) {
            while (n > 0)
                access_change_clear(&changes[--n]);
            free(changes);
            return -ENOMEM;
        }
        n++;
    }
    *ret_changes = changes;
    *ret_n = n;
    return 0;
}

static int take_domains(const Count *count, const Tally *tally, char ***ret_domains)
{
    uint32_t n_types = count->difference->n_types;
    char **domains = NULL;
    size_t n = 0;

    for (uint32_t domain = 1; domain <= n_types; domain++)
        n += tally->domains[domain];
    domains = calloc(n + 1, sizeof(*domains));
    if (!domains)
        return -ENOMEM;
    n = 0;
    for (uint32_t domain = 1; domain <= n_types; domain++) {
        if (!tally->domains[domain])
            continue;
        domains[n] = strdup(name_of(count, domain));
        if (!domains[n]) {
            strv_free(domains);
            return -ENOMEM;
        }
        n++;
    }
    strv_sort(domains);
    *ret_domains = domains;
    return 0;
}

void exposure_losses_clear(ExposureLosses *losses)
{
    for (size_t i = 0; i < losses->n_changes; i++)
        access_change_clear(&losses->changes[i]);
    free(losses->changes);
    strv_free(losses->domains);
    free(losses->ports);
    *losses = (ExposureLosses){};
}

static int take_gains(const Count *count, Ports *ports, Exposure *exposure)
{
    int r;

    exposure->known = true;
    exposure->gains_total = count->gains.total;
    for (uint32_t type = 1; type <= count->difference->n_types; type++)
        exposure->n_types += count->gains.targets[type];
    exposure->n_ports = ports->n_gained;
    exposure->ports_count = port_ranges_count(ports->gained, ports->n_gained);
    exposure->ports = fit_ranges(TAKE_POINTER(ports->gained), ports->n_gained);
    r = take_sample(count, &count->gains, /* lost= */ false, &exposure->gains, &exposure->n_gains);
    return r < 0 ? r : take_domains(count, &count->gains, &exposure->domains);
}

static int take_losses(const Count *count, Ports *ports, ExposureLosses *losses)
{
    int r;

    losses->total = count->losses.total;
    losses->n_ports = ports->n_lost;
    losses->ports_count = port_ranges_count(ports->lost, ports->n_lost);
    losses->ports = fit_ranges(TAKE_POINTER(ports->lost), ports->n_lost);
    r = take_sample(count, &count->losses, /* lost= */ true, &losses->changes, &losses->n_changes);
    return r < 0 ? r : take_domains(count, &count->losses, &losses->domains);
}

static bool are_comparable(const Hypothesis *before, const Hypothesis *after)
{
    if (before->policy != after->policy)
        return false;
    for (size_t i = 0; i < before->n_types && i < after->n_types; i++)
        if (!streq(before->types[i].name, after->types[i].name))
            return false;
    return true;
}

static int count_relabel(Count *count, const ExposureRelabel *relabel)
{
    const Difference *difference = count->difference;
    uint32_t old_type = hypothesis_find_type(difference->before, relabel->old_type);
    uint32_t new_type = hypothesis_find_type(difference->after, relabel->new_type);

    if (old_type == 0 || new_type == 0)
        return -ENOENT;
    for (char *const *name = relabel->classes; name && *name && old_type != new_type; name++) {
        uint32_t class = policy_find_class(difference->before->policy, *name);
        int r = -ENOENT;

        if (class != 0)
            r = exposure_compare_relabel(difference, old_type, new_type, class, count_label_item,
                                         count);
        if (r < 0)
            return r;
    }
    return 0;
}

static int run(Count *count, const ExposureRelabel *relabels, size_t n_relabels, Exposure *exposure,
               ExposureLosses *losses)
{
    Ports ports = {};
    int r;

    r = tally_init(&count->gains, count->difference->n_types);
    if (r >= 0)
        r = tally_init(&count->losses, count->difference->n_types);
    if (r >= 0)
        r = exposure_compare_rules(count->difference, count_item, count);
    if (r >= 0)
        r = exposure_compare_ports(count->difference, count_label_item, count);
    for (size_t i = 0; i < n_relabels && r >= 0; i++)
        r = count_relabel(count, &relabels[i]);
    if (r >= 0)
        r = count_ports(count, &ports);
    if (r >= 0)
        r = take_gains(count, &ports, exposure);
    if (r >= 0)
        r = take_losses(count, &ports, losses);
    free(ports.gained);
    free(ports.lost);
    free(count->gains.domains);
    free(count->losses.domains);
    return r;
}

int exposure_compute_relabels(const Hypothesis *before, const Hypothesis *after, const char *focus,
                              const ExposureRelabel *relabels, size_t n_relabels,
                              Exposure *ret_exposure, ExposureLosses *ret_losses)
{
    uint32_t n_before = hypothesis_n_types(before);
    uint32_t n_after = hypothesis_n_types(after);
    Difference difference = {before, after, n_before > n_after ? n_before : n_after};
    _cleanup_free_ Count *count = NULL;
    Exposure exposure = {};
    ExposureLosses losses = {};
    int r;

    if (!are_comparable(before, after))
        return -EINVAL;
    count = calloc(1, sizeof(*count));
    if (!count)
        return -ENOMEM;
    count->difference = &difference;
    count->focus = focus ? hypothesis_find_type(after, focus) : 0;
    if (focus && count->focus == 0)
        return -ENOENT;

    r = run(count, relabels, n_relabels, &exposure, &losses);
    if (r < 0) {
        exposure_clear(&exposure);
        exposure_losses_clear(&losses);
        return r;
    }
    *ret_exposure = exposure;
    if (ret_losses)
        *ret_losses = losses;
    else
        exposure_losses_clear(&losses);
    return 0;
}

int exposure_compute(const Hypothesis *before, const Hypothesis *after, const char *focus,
                     Exposure *ret_exposure, ExposureLosses *ret_losses)
{
    return exposure_compute_relabels(before, after, focus, /* relabels= */ NULL, 0, ret_exposure,
                                     ret_losses);
}
