/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses as nginx's directives write them (ngx_parse_url() in nginx's src/core/ngx_inet.c):
 * "127.0.0.1:80", "[::1]:80", "*:80", "80", "name", "name:80", "unix:/path". For conf-intent.
 */
#pragma once

#include "daemon/nginx/slice.h"

typedef struct ConfEndpoint {
    Slice address; /* without brackets */
    bool numeric;  /* or "*" */
    int port;      /* -1 if none is given */
    int port_last; /* of a range, else as port */
    Slice socket;  /* path, "@name" if abstract */
    bool variable; /* a variable decides some of it; what is filled holds */
} ConfEndpoint;

/* Parses the whole text; a lone number is a port if `listen`. False if it is no address. */
bool conf_endpoint_parse(Slice text, bool listen, ConfEndpoint *ret_endpoint);
