# The engine answers as the running kernel does, and notices when the kernel's answer changes:
# a boolean set at run time, permissive mode. What another policy denied stays undetermined.
# needs: project
# timeout: 900
# takes: 60
# policy: whole
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

readonly TOOL=/usr/libexec/nginx-selguard-tests/kernel-agree

state() {
    as_user reader selguardctl list --json | python3 -c '
import json, sys
print("".join(d["state"] for d in json.load(sys.stdin) if d.get("port") == 3000))'
}
is_state() { [[ $(state) == "$1" ]]; }
is_cause() {
    as_user reader selguardctl list --json | python3 -c '
import json, sys
sys.exit(not any(d.get("port") == 3000 and d.get("cause") == sys.argv[1] for d in json.load(sys.stdin)))' "$1"
}
mode() { as_user reader selguardctl status | grep -oE 'enforcing|permissive' | head -n 1; }
is_mode() { [[ $(mode) == "$1" ]]; }

# --- the same answers, with booleans as they are and with some flipped
if [[ -x $TOOL ]]; then
    before=$(getsebool -a)
    begin=$SECONDS
    "$TOOL" 1200 20 >"$SCENARIO_DIR/agree" 2>&1
    status=$?
    note "took $((SECONDS - begin)) s"
    while IFS= read -r line; do note "$line"; done <"$SCENARIO_DIR/agree"
    check_eq "our decisions are the kernel's" 0 "$status"
    check_match "ten thousand of them" '^[0-9]{5,} questions, ' "$(tail -n 1 "$SCENARIO_DIR/agree")"
    check_eq "the booleans are as they were" "$before" "$(getsebool -a)"
else
    emit "ok - our decisions are the kernel's # SKIP nothing was compared: configure with -Dvm_tools=true"
fi

# --- a boolean that somebody sets by hand
check "a site" nginx_site shop <<'CONF'
server { listen 8008; location / { proxy_pass http://127.0.0.1:3000; } }
CONF
check "a backend" backend_start 3000
expect_http 502 http://127.0.0.1:8008/
check "a diagnosis" wait_until 30 is_cause boolean
check_eq "which is open" open "$(state)"
setsebool httpd_can_network_connect on
begin=$SECONDS
check "the boolean on: resolved" wait_until 15 is_state resolved
note "after $((SECONDS - begin)) s"
expect_http 200 http://127.0.0.1:8008/
setsebool httpd_can_network_connect off
begin=$SECONDS
check "off again: open" wait_until 15 is_state open
note "after $((SECONDS - begin)) s"
# Denied before the policy was looked at again: the problem has come back.
setsebool httpd_can_network_connect on
check "once more resolved" wait_until 15 is_state resolved
setsebool httpd_can_network_connect off
expect_http 502 http://127.0.0.1:8008/
sleep 10
check_match "denied again: not resolved" 'open|recurred' "$(state)"
note "$(state)"

# --- the mode
check_eq "enforcing" enforcing "$(mode)"
setenforce 0
check "permissive mode is noticed" wait_until 15 is_mode permissive
expect_http 200 http://127.0.0.1:8008/
setenforce 1
check "and enforcing again" wait_until 15 is_mode enforcing
expect_http 502 http://127.0.0.1:8008/
