/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/conf-endpoint.h"

#include <arpa/inet.h>

static bool is_numeric(int family, Slice text)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (text.length == 0 || text.length >= sizeof(copy))
        return false;
    memcpy(copy, text.start, text.length);
    copy[text.length] = '\0';
    return inet_pton(family, copy, &address) == 1;
}

static bool parse_ports(Slice text, ConfEndpoint *endpoint)
{
    unsigned first, last;

    if (!slice_skip_number(&text, &first))
        return false;
    last = first;
    if (slice_skip(&text, "-") && !slice_skip_number(&text, &last))
        return false;
    if (text.length > 0 || first == 0 || first > last || last > 65535)
        return false;
    endpoint->port = (int)first;
    endpoint->port_last = (int)last;
    return true;
}

static bool looks_like_ports(Slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((text.start[i] < '0' || text.start[i] > '9') && text.start[i] != '-')
            return false;
    return text.length > 0;
}

static bool has_variable(Slice text)
{
    return slice_find(text, 0, "$") < text.length;
}

/* What follows the address: nothing, or a port. */
static bool parse_rest(Slice rest, ConfEndpoint *endpoint)
{
    if (rest.length == 0)
        return true;
    if (!slice_skip(&rest, ":"))
        return false;
    if (has_variable(rest)) {
        endpoint->variable = true;
        return true;
    }
    return parse_ports(rest, endpoint);
}

bool conf_endpoint_parse(Slice text, bool listen, ConfEndpoint *ret_endpoint)
{
    ConfEndpoint endpoint = {.port = -1, .port_last = -1};
    size_t end;

    if (slice_skip(&text, "unix:")) {
        if (text.length == 0)
            return false;
        if (has_variable(text))
            endpoint.variable = true;
        else
            endpoint.socket = text;
    } else if (slice_skip(&text, "[")) {
        end = slice_find(text, 0, "]");
        endpoint.address = slice_part(text, 0, end);
        if (end == text.length || !is_numeric(AF_INET6, endpoint.address) ||
            !parse_rest(slice_from(text, end + 1), &endpoint))
            return false;
        endpoint.numeric = true;
    } else if (listen && looks_like_ports(text)) {
        if (!parse_ports(text, &endpoint))
            return false;
        endpoint.address = (Slice){"*", 1};
        endpoint.numeric = true;
    } else {
        /* the port of "${x}:80" is behind the last colon */
        end = text.length;
        for (size_t i = text.length; i-- > 0;)
            if (text.start[i] == ':') {
                end = i;
                break;
            }
        endpoint.address = slice_part(text, 0, end);
        if (endpoint.address.length == 0 || !parse_rest(slice_from(text, end), &endpoint))
            return false;
        if (has_variable(endpoint.address)) {
            endpoint.variable = true;
            endpoint.address = SLICE_NONE;
        } else {
            endpoint.numeric =
                slice_equals(endpoint.address, "*") || is_numeric(AF_INET, endpoint.address);
        }
    }
    *ret_endpoint = endpoint;
    return true;
}
