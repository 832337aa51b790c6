# The main job: a proxied TCP upstream that SELinux blocks, from the 502 to the approved fix,
# the 200, and back.
# needs: project
# timeout: 420
# takes: 115
# policy: whole
# reboots: 1
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

site() {
    nginx_site shop <<'CONF'
server {
    listen 8008;
    server_name shop.example.com;
    location / { proxy_pass http://127.0.0.1:3000; }
    location /7001 { proxy_pass http://127.0.0.1:7001; }
    location /7002 { proxy_pass http://127.0.0.1:7002; }
}
CONF
}
request() { expect_http "$1" "http://127.0.0.1:8008/orders/${2:-1}"; }
ctl() { as_user operator selguardctl "$@"; }
# member KEY: of the diagnosis of port 3000, from the JSON of `selguardctl list`.
member() {
    as_user reader selguardctl list --json | python3 -c '
import json, sys
found = [d for d in json.load(sys.stdin) if d.get("port") == 3000]
print(len(found) if sys.argv[1] == "number" else found[0].get(sys.argv[1]) if found else "")' "$1"
}
is_member() { [[ $(member "$1") == "$2" ]]; }
# The rank of the fix that is this boolean alone: the quickest to apply.
boolean_fix() {
    as_user reader selguardctl show "$(member id)" --json | python3 -c '
import json, sys
for fix in json.load(sys.stdin)["fixes"]:
    if [action.get("name") for action in fix["actions"]] == ["httpd_can_network_connect"]:
        print(fix["rank"])'
}
listed() { as_user reader selguardctl list | grep -q "port $1 "; }
if [[ $PHASE == 0 ]]; then
    # It counts what earlier scenarios of this boot were denied, too.
    check "the monitor starts anew" monitor_forget
    check "the monitor runs" systemctl is-active nginx-selguard.service
    check_eq "as its own user" nginx-selguard "$(ps -o user:32= -C nginx-selguard | tail -n 1 | tr -d ' ')"
    check_eq "with one capability" "CapEff:0000000000000004" \
        "$(grep CapEff "/proc/$(systemctl show -P MainPID nginx-selguard)/status" | tr -d '[:space:]')"
    check_match "status shows an enforcing host" enforcing "$(as_user reader selguardctl status)"
    check_eq "and no problem" "" "$(as_user reader selguardctl status | grep problem)"
    status_of_outsider=$(as_user outsider selguardctl status)
    check_match "anyone may see the status" enforcing "$status_of_outsider"
    check_not "but nobody else the logs' names" grep -q /var/log <<<"$status_of_outsider"

    check "a live backend" backend_start 3000
    check "a site for it" site
    since_mark
    (as_user reader timeout 900 selguardctl watch --json | cat >"$SCENARIO_DIR/watch") &
    for port in 3000 7001 7002; do
        path=/$port
        [[ $port == 3000 ]] && path=/orders/1
        curl -s -o /dev/null "http://127.0.0.1:8008$path"
        sleep 1
        check "a second after the request the list shows port $port" listed "$port"
    done
    request 502
    listed=$(as_user reader selguardctl list)
    check_match "the list names the port" 'port 3000' "$listed"
    described=$(as_user reader selguardctl show "$(member id)")
    check_match "the server" 'shop\.example\.com' "$described"
    check_match "and the request" 'GET /orders/1' "$described"
    check "two denials, one diagnosis" wait_until 10 is_member count 2
    check_eq "of this port" 1 "$(member number)"

    for i in {1..49}; do
        curl -s -o /dev/null "http://127.0.0.1:8008/orders/$i"
    done
    check "fifty in all fold into it" wait_until 10 is_member count 51
    check_eq "still one diagnosis" 1 "$(member number)"
    check "the policy was asked" wait_until 30 is_member cause boolean
    check_match "the fix is shown by hand, too" 'setsebool -P httpd_can_network_connect on' \
        "$(as_user reader selguardctl show "$(member id)")"
    fix=$(boolean_fix)

    refused=$(as_user outsider selguardctl list 2>&1)
    check_match "an outsider may not read it" 'Cannot list' "$refused"
    refused=$(as_user reader selguardctl apply "$(member id)" 2>&1)
    check_not "a reader may not apply it" test $? -eq 0
    check_match "and is told why" 'Cannot apply the fix' "$refused"
    check_eq "nothing has changed" off "$(getsebool httpd_can_network_connect | awk '{print $3}')"
    request 502

    preview=$(ctl apply "$(member id)" --fix "$fix" --dry-run)
    check_match "the dry run says what would change" 'now off.*afterwards on' "$preview"
    check_eq "and changes nothing" off "$(getsebool httpd_can_network_connect | awk '{print $3}')"

    applied=$(ctl apply "$(member id)" --fix "$fix" 2>&1)
    check_eq "an administrator may" 0 $?
    note "$applied"
    change=$(sed -n 's/.*selguardctl revert //p' <<<"$applied")
    check_not "the change has an id" test -z "$change"
    check_eq "the boolean is on" on "$(getsebool httpd_can_network_connect | awk '{print $3}')"
    request 200
    check "the diagnosis is verified" wait_until 30 is_member state verified

    check "the change can be taken back" ctl revert "$change"
    check_eq "the boolean is off" off "$(getsebool httpd_can_network_connect | awk '{print $3}')"
    check_eq "without a record in the store" "" "$(semanage boolean -l -C | grep httpd_can_network_connect)"
    request 502
    check "the diagnosis is open again" wait_until 30 is_member state open
    check_match "the history has both" reverted "$(ctl history)"

    check "the watch saw it come" grep -q '"state":"open".*port 3000\|port 3000.*"state":"open"' "$SCENARIO_DIR/watch"
    check "and be verified" grep -q '"state":"verified"' "$SCENARIO_DIR/watch"
    check_match "the journal has it, with the id that the catalog explains" 'port 3000' \
        "$(journalctl -q -o cat "MESSAGE_ID=$(sed -n 's/^-- //p' /usr/lib/systemd/catalog/nginx-selguard.catalog | sed -n 4p)")"

    check "applied once more" ctl apply "$(member id)" --fix "$fix"
    check_eq "nothing was denied to our daemons" "" \
        "$(denials_since | grep -E 'selguard' | sed 's/.*avc:/avc:/' | sort -u)"
    ctl history --json >"$SCENARIO_DIR/history"
else
    check_eq "the boolean is on after a reboot" on "$(getsebool httpd_can_network_connect | awk '{print $3}')"
    check "a live backend" backend_start 3000
    check "the site" site
    request 200
    change=$(python3 -c '
import json, sys
print([c["id"] for c in json.load(open(sys.argv[1])) if c["state"] == "applied"][0])' "$SCENARIO_DIR/history")
    check "the change of before the reboot can be taken back" ctl revert "$change"
    request 502
fi
