# The story of the README, live: ./dev demo --vm. Not one of the tests.
# needs: project
# timeout: 300
# shellcheck shell=bash source=guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

run() {
    note ""
    note "\$ $*"
    note "$("$@" 2>&1)"
}
ctl() { as_user operator selguardctl "$@"; }
is_analyzed() { ctl list --json | grep -q '"cause": *"boolean"'; }

check "a backend on port 3000 and nginx before it" backend_start 3000
check "as the site shop.example.com" nginx_site shop <<'CONF'
server {
    listen 8008;
    server_name shop.example.com;
    location / { proxy_pass http://127.0.0.1:3000; }
}
CONF
note "SELinux: $(getenforce)"
run curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:8008/orders/1
check "the diagnosis" wait_until 30 is_analyzed
run ctl list
run ctl show
run ctl apply --dry-run
run ctl apply
run curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:8008/orders/1
run ctl list
run ctl history
run ctl revert "$(ctl history --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[-1]["id"])')"
run curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:8008/orders/1
expect_http 502 http://127.0.0.1:8008/orders/1
