# Changes for a limited time end by themselves, also after a crash and a reboot; a plan of every kind
# with nginx's reload at its end lasts over the reboot and is taken back to what was there before;
# and what nginx does not take is not left in force.
# needs: project
# timeout: 900
# takes: 160
# reboots: 1
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

remedy() {
    busctl --timeout=300 call org.selguard.Remedy1 /org/selguard/Remedy1 \
        org.selguard.Remedy1.Manager "$@"
}
# change KEY [ID]: of the newest change, or the one with that id.
change() {
    busctl --timeout=120 --json=short call org.selguard.Remedy1 /org/selguard/Remedy1 \
        org.selguard.Remedy1.Manager ListChanges 'a{sv}' 0 | python3 -c '
import json, sys
changes = json.load(sys.stdin)["data"][0]
if len(sys.argv) > 2:
    changes = [c for c in changes if c["Id"]["data"] == sys.argv[2]]
print(changes[-1][sys.argv[1]]["data"] if changes and sys.argv[1] in changes[-1] else "")' "$@"
}
settled() { [[ $(change State "$@") =~ ^(applied|failed|reverted)$ ]]; }
is_over() { [[ $(change Trial "$1") == over ]]; }
# plan METHOD SIGNATURE ARGUMENTS…: to its end, with $id and $seconds set.
plan() {
    local begin=$SECONDS newest
    newest=$(change Id)
    remedy "$@" || return 1
    wait_until 240 is_another "$newest" && wait_until 240 settled
    id=$(change Id)
    note "$1 $id ($((SECONDS - begin)) s): $(change State "$id"): $(change Message "$id")"
}
is_another() { [[ $(change Id) != "$1" ]]; }
store_hash() { cat /var/lib/selinux/*/active/{booleans.local,policy.kern,ports.local} 2>/dev/null | sha256sum; }
store_state() {
    semanage export | sort
    semodule -lfull | sort
    find /srv/shop -printf '%Z %p\n' 2>/dev/null | sort
}
# is_audited CHANGE…: the newest change has an audit user record of each.
is_audited() {
    local audit what
    audit=$(ausearch -m USER_MAC_CONFIG_CHANGE 2>/dev/null)
    for what in "$@"; do
        check "an audit record: $what" grep -q "resrc=$what .* change=$id requester=0.*res=success" <<<"$audit"
    done
}
boolean=(set-boolean 2 name s httpd_can_network_connect value b true)
pending=/var/lib/nginx-selguard-remedy/changes/pending

if [[ $PHASE == 0 ]]; then
    check "a backend" backend_start 3000
    check "a site" nginx_site app <<'CONF'
server { listen 8008; location / { proxy_pass http://127.0.0.1:3000; } }
CONF
    mkdir -p /srv/shop/img
    echo hello >/srv/shop/img/a.html
    chcon -R -t var_t /srv/shop
    since_mark
    store_state >"$SCENARIO_DIR/before"
    hash=$(store_hash)

    # A boolean on trial: in the kernel only, and gone at its time.
    expect_http 502 http://127.0.0.1:8008/
    check "a boolean on trial" plan Trial 'a(sa{sv})ua{sv}' 1 "${boolean[@]}" 25 0
    expect_http 200 http://127.0.0.1:8008/
    check_eq "the store knows nothing of it" "$hash" "$(store_hash)"
    check_match "the kernel confirms it" 'kernel confirms' "$(change Message "$id")"
    check "it ends by itself" wait_until 90 is_over "$id"
    expect_http 502 http://127.0.0.1:8008/
    check_eq "the boolean is as it was" "httpd_can_network_connect --> off" "$(getsebool httpd_can_network_connect)"
    check_match "the journal tells" 'trial is over' \
        "$(journalctl -b -u nginx-selguard-remedy -o cat --no-pager | tail -5)"

    # The service is killed in the middle of one: nobody calls it, and it ends all the same.
    check "once more" plan Trial 'a(sa{sv})ua{sv}' 1 "${boolean[@]}" 20 0
    expect_http 200 http://127.0.0.1:8008/
    check "the service is killed" systemctl kill --kill-whom=all -s KILL nginx-selguard-remedy.service
    check "the boolean is taken back" wait_until 90 http_is 502 http://127.0.0.1:8008/
    check "and it says so" wait_until 60 is_over "$id"

    # nginx's own test fails: what was tried for it is taken back at once.
    echo 'server { listen 8083; }' >"$SITES/broken.conf"
    check "a trial that nginx does not take" plan Trial 'a(sa{sv})ua{sv}' 2 "${boolean[@]}" reload-nginx 0 600 0
    check_match "is taken back" 'own test fails.*taken back' "$(change Message "$id")"
    check_eq "and failed" failed "$(change State "$id")"
    check_eq "the boolean is off" "httpd_can_network_connect --> off" "$(getsebool httpd_can_network_connect)"
    rm "$SITES/broken.conf"

    # Every kind in one plan, for an nginx that could not start.
    echo 'server { listen 8081; root /srv/shop; }' >"$SITES/shop.conf"
    check_not "nginx does not start on its port" systemctl restart nginx
    check "a plan of every kind" plan Apply 'a(sa{sv})a{sv}' 6 \
        install-module 2 name s selguard_vm cil s \
        '(allow httpd_t initrc_t (unix_stream_socket (connectto)))' \
        set-port 4 protocol s tcp low q 8081 high q 8081 type s http_port_t \
        "${boolean[@]}" \
        set-file-context 3 regex s '/srv/shop(/.*)?' file_type s all type s httpd_sys_content_t \
        relabel 2 path s /srv/shop recursive b true \
        reload-nginx 0 0
    check_match "the kernel confirms it" 'kernel confirms' "$(change Message "$id")"
    check_match "nginx was started" 'nginx.service was started' "$(change Message "$id")"
    check_eq "the label on disk" "system_u:object_r:httpd_sys_content_t:s0" "$(stat -c %C /srv/shop/img/a.html)"
    expect_http 200 http://127.0.0.1:8081/img/a.html
    expect_http 200 http://127.0.0.1:8008/
    echo "$id" >"$SCENARIO_DIR/change"
    is_audited 'boolean op=modify' 'port op=add' 'fcontext op=add' 'module op=add' 'label op=relabel'

    # A trial over a reboot: a day long, and a port that the store has.
    check "a trial with a record in the store" plan Trial 'a(sa{sv})ua{sv}' 1 \
        set-port 4 protocol s tcp low q 8082 high q 8082 type s http_port_t 86400 0
    check_match "its port" '8082' "$(semanage port -l -C)"
    echo "$id" >"$SCENARIO_DIR/trial"
    check "and its mark" test -e "$pending/$(printf 'change-%06d.json' "$id")"
else
    trial_change=$(cat "$SCENARIO_DIR/trial") change_id=$(cat "$SCENARIO_DIR/change")
    # Nobody calls the service.
    mark_is_gone() { [[ -z $(ls "$pending") ]]; }
    check "the trial ended with the reboot" wait_until 120 mark_is_gone
    check_not "its port is gone" grep -q 8082 <<<"$(semanage port -l -C)"
    check_eq "and it says so" over "$(change Trial "$trial_change")"

    check "a backend" backend_start 3000
    cat >"$SITES/app.conf" <<'CONF'
server { listen 8008; location / { proxy_pass http://127.0.0.1:3000; } }
CONF
    echo 'server { listen 8081; root /srv/shop; }' >"$SITES/shop.conf"
    check "nginx starts on its port" systemctl restart nginx
    expect_http 200 http://127.0.0.1:8081/img/a.html
    expect_http 200 http://127.0.0.1:8008/
    check_eq "the label is still there" "system_u:object_r:httpd_sys_content_t:s0" "$(stat -c %C /srv/shop/img/a.html)"

    check "the plan is taken back" remedy Revert 'sa{sv}' "$change_id" 0
    is_reverted() { [[ $(change State "$change_id") == reverted ]]; }
    check "to its end" wait_until 240 is_reverted
    note "$(change Message "$change_id")"
    id=$change_id
    is_audited 'boolean op=modify' 'port op=delete' 'fcontext op=delete' 'module op=delete' 'label op=restore'
    expect_http 502 http://127.0.0.1:8008/
    store_state >"$SCENARIO_DIR/after"
    check_eq "the store and the labels are as before" "" \
        "$(diff "$SCENARIO_DIR/before" "$SCENARIO_DIR/after" | head -5)"
    rm -rf /srv/shop
fi
