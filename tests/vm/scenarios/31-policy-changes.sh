# Diagnoses follow the policy: a boolean, the mode and a reload have them asked about again, and no
# denial is missed meanwhile.
# needs: project
# timeout: 300
# takes: 55
# policy: whole
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

id() { as_user reader selguardctl list | awk '/port 3000/ { print $1; exit }'; }
# member NAME: of the diagnosis' JSON.
member() {
    as_user reader selguardctl show "$(id)" --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}
is() { [[ $(member "$1") == "$2" ]]; }
says() { member notes | grep -q "$1"; }
analyzed_with_fixes() { is analyzed True && [[ $(member fixes) == *action* ]]; }
audit_count() { denials_since 'name_connect.*dest=3000' | wc -l; }
counts_agree() { [[ $(member count) == "$(audit_count)" ]]; }

check "nothing is known of earlier days" monitor_forget
check "a backend" backend_start 3000
since_mark
check "a site" nginx_site shop <<'CONF'
server { listen 8008; location / { proxy_pass http://127.0.0.1:3000; } }
CONF
expect_http 502 http://127.0.0.1:8008/
check "a diagnosis" wait_until 20 analyzed_with_fixes
check "it is open" is state open

# A boolean, at run time only.
check "a boolean that allows it" setsebool httpd_can_network_connect 1
check "resolves it" wait_until 20 is state resolved
check "with no fix left to offer" is fixes '[]'
check "and the next boot would end it, which is said" says 'denied again after the next boot'
expect_http 200 http://127.0.0.1:8008/
check "the boolean off again" setsebool httpd_can_network_connect 0
check "opens it" wait_until 20 is state open
check "with its fixes" wait_until 20 analyzed_with_fixes

# The mode of the kernel.
check "enforcing off" setenforce 0
check "is said of it" wait_until 20 says 'permissive mode now'
check "and it is no less open" is state open
check "enforcing on" setenforce 1
check "is noticed" wait_until 20 negate says 'permissive mode now'

# Denials all the while the policy is loaded anew.
(while [[ ! -e $SCENARIO_DIR/enough ]]; do http_code http://127.0.0.1:8008/ >/dev/null; done) &
loop=$!
for i in 1 2 3; do
    before=$(audit_count)
    check "load $i of the policy" load_policy
    check "denials during and after it" test "$(audit_count)" -gt "$before"
done
touch "$SCENARIO_DIR/enough"
wait "$loop"
check "every denial was counted" wait_until 30 counts_agree ||
    note "counted $(member count), in the audit log $(audit_count)"
note "$(audit_count) denials in all"
check_match "none was lost" '^0$' "$(as_user reader selguardctl status --json |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["lost_records"])')"
check "it is still open" is state open
check "and was asked about again" wait_until 20 analyzed_with_fixes
check_eq "nothing was denied to our daemons" "" \
    "$(denials_since | grep -E 'selguard' | sed 's/.*avc:/avc:/' | sort -u)"
