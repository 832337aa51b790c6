# selguardctl besides apply: what is foretold, verified by request, explained, and exported; an
# imported export gives the store that applying gave.
# needs: project
# timeout: 600
# takes: 100
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

reader() { as_user reader selguardctl "$@" 2>&1; }
operator() { as_user operator selguardctl "$@" 2>&1; }
# status_of COMMAND…: its exit status; the output is in $output.
status_of() {
    output=$("$@")
    printf -v status '%d' $?
}
id() { reader list | awk -v pattern="$1" '$0 ~ pattern { print $1; exit }'; }
has_id() { [[ -n $(id "$1") ]]; }
# fix_number ID PATTERN: of the fix whose summary matches.
fix_number() {
    reader show "$1" --json | python3 -c '
import json, re, sys
for fix in json.load(sys.stdin)["fixes"]:
    if re.search(sys.argv[1], fix["summary"]):
        print(fix["rank"])
        break' "$2"
}
has_fix() { [[ -n $(fix_number "$@") ]]; }
store_state() {
    semanage export | sort
    semodule -lfull | sort
}
policy_hash() { sha256sum /etc/selinux/default/policy/policy.* | cut -d' ' -f1; }

# Scenarios before this one may have dismissed the same problem.
check "nothing is known of earlier days" monitor_forget
check "a backend" backend_start 3000
check "a site" nginx_site foretold <<'CONF'
server { listen 8008; server_name foretold; location / { proxy_pass http://127.0.0.1:3000; } }
CONF

# Before anything was refused.
since_mark
status_of reader preflight
check_eq "preflight finds something" 5 "$status"
check_match "what nginx would be denied" 'connect to tcp port 3000' "$output"
check_match "who asks for it" 'proxy_pass http://127.0.0.1:3000.*foretold' "$output"
check_not "and nothing of it happened" denials_since 'name_connect.*dest=3000'

status_of reader doctor
note "doctor: $(tr '\n' '|' <<<"$output")"
check_not "the doctor finds nothing wrong" grep -q '^BAD' <<<"$output"

# The request that fails, and once more.
expect_http 502 http://127.0.0.1:8008/orders -H 'Host: foretold:8008'
check "a diagnosis" wait_until 40 has_id 'port 3000'
port=$(id 'port 3000')
check "its fixes" wait_until 40 has_fix "$port" http_port_t
status_of reader verify "$port"
check_eq "verify says that it still fails" 5 "$status"
check_match "having sent it again" 'GET /orders, Host: foretold, port 8008' "$output"
check_match "and seen its answer" 'Answer: 502' "$output"
check_match "and the denial" 'refused once more' "$output"

# What somebody pastes.
denials_since 'name_connect' | reader explain - >"$SCENARIO_DIR/explained"
check_match "pasted records are explained" 'connect to tcp port 3000' \
    "$(cat "$SCENARIO_DIR/explained")"

# Applied, verified, exported, taken back, imported.
fix=$(fix_number "$port" http_port_t)
store_state >"$SCENARIO_DIR/before"
status_of operator apply "$port" --fix "$fix" --reason "round trip"
check_eq "the fix is applied" 0 "$status" || note "$(tr '\n' '|' <<<"$output")"
change=$(sed -n 's/.*selguardctl revert //p' <<<"$output")
store_state >"$SCENARIO_DIR/applied"
applied_policy=$(policy_hash)
status_of reader verify "$port"
check_eq "verify says that it is fixed" 0 "$status" || note "$(tr '\n' '|' <<<"$output")"
check_match "by the answer" 'Answer: 200' "$output"
check_match "history says why" 'round trip' "$(operator history)"
as_user operator selguardctl export --applied --format semanage >"$SCENARIO_DIR/export" 2>/dev/null
note "export: $(tr '\n' '|' <"$SCENARIO_DIR/export")"
status_of operator revert "$change"
check_eq "it is taken back" 0 "$status"
store_state >"$SCENARIO_DIR/after"
check_eq "to the store as before" "" "$(diff "$SCENARIO_DIR/before" "$SCENARIO_DIR/after" | head -5)"
check "semanage imports the export" semanage import -f "$SCENARIO_DIR/export"
store_state >"$SCENARIO_DIR/imported"
check_eq "and the store is as applying left it" "" \
    "$(diff "$SCENARIO_DIR/applied" "$SCENARIO_DIR/imported" | head -5)"
check_eq "and so is the policy" "$applied_policy" "$(policy_hash)"
expect_http 200 http://127.0.0.1:8008/orders

check "what was imported goes again" semanage import -f <(cat <<'END'
boolean -D
port -D
END
)
status_of reader dismiss "$port"
check_eq "dismissing is not for readers" 4 "$status"
check "but for administrators" as_user operator selguardctl dismiss "$port"
