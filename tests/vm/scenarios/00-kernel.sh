# The stage itself: the kernel enforces, auditd records, and nginx is denied what it is
# denied on real hosts. Nothing of the project takes part.
# timeout: 120
# takes: 10
# policy: whole
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

check_eq "the kernel enforces" Enforcing "$(getenforce)"
check "auditd is active" systemctl is-active auditd
check_match "nginx runs in httpd_t" ':httpd_t:' "$(ps -o label= -C nginx | head -n 1)"
expect_http 200 http://127.0.0.1/

check "a live backend on port 3000" backend_start 3000
check "it answers" http_is 200 http://127.0.0.1:3000/
check "a site that proxies to it" nginx_site app <<'CONF'
server {
        listen 8008;
        location / { proxy_pass http://127.0.0.1:3000; }
}
CONF

since_mark
expect_http 502 http://127.0.0.1:8008/before
expect_denial 'name_connect.*dest=3000 scontext=[^ ]*:httpd_t:.*tcontext=[^ ]*:ntop_port_t:'
check "nginx logs errno 13" errors_since 'connect\(\) to 127.0.0.1:3000 failed \(13: Permission denied\)'

check "boolean on, at runtime only" setsebool httpd_can_network_connect 1
expect_http 200 http://127.0.0.1:8008/with-boolean
check "boolean off" setsebool httpd_can_network_connect 0
expect_http 502 http://127.0.0.1:8008/after
