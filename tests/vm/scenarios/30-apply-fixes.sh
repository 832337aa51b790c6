# Every fix that is offered is applied by the service, helps, is verified, and is taken back to
# exactly what was there before.
# needs: project
# timeout: 1500
# takes: 420
# policy: whole
# reboots: 1
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

# id PATTERN: of the diagnosis whose summary matches.
id() { as_user reader selguardctl list | awk -v pattern="$1" '$0 ~ pattern { print $1; exit }'; }
# summaries ID: of the fixes, one a line.
summaries() {
    as_user reader selguardctl show "$1" --json | python3 -c '
import json, sys
for fix in json.load(sys.stdin)["fixes"]:
    print(fix["summary"])'
}
# has_fixes PATTERN N: the diagnosis offers at least as many.
has_fixes() {
    local found
    found=$(id "$1")
    [[ -n $found ]] && (($(summaries "$found" | wc -l) >= $2))
}
# What the store has of ours and of administrators', and the labels in question.
store_state() {
    semanage export | sort
    semodule -lfull | sort
    ls -dZ /run/myapp /run/myapp/* /var/www/html/* /srv/shop/* 2>/dev/null
}
# apply ID FIX: sets $change and $seconds.
apply() {
    local begin=$SECONDS output status
    output=$(as_user operator selguardctl apply "$1" --fix "$2" 2>&1)
    status=$?
    seconds=$((SECONDS - begin))
    note "apply ($seconds s): $(tr '\n' ' ' <<<"$output")"
    change=$(sed -n 's/.*selguardctl revert //p' <<<"$output")
    return "$status"
}
revert() {
    local begin=$SECONDS output status
    output=$(as_user operator selguardctl revert "$1" 2>&1)
    status=$?
    note "revert ($((SECONDS - begin)) s): $(tr '\n' ' ' <<<"$output")"
    return "$status"
}
site() {
    nginx_site shop <<'CONF'
server {
    listen 8008;
    location / { proxy_pass http://127.0.0.1:3000; }
    location /next { proxy_pass http://127.0.0.1:3001; }
    location /socket { proxy_pass http://unix:/run/myapp/app.sock:/; }
    location /static { alias /var/www/html; }
}
CONF
}
# A label that is on a file from before: as one that was moved from a home directory has it.
move_file() {
    echo moved >/root/moved.html
    chcon -t user_home_t /root/moved.html
    chmod 644 /root/moved.html
    mv /root/moved.html /var/www/html/moved.html
}

if [[ $PHASE == 0 ]]; then
    check "a site" site
    check "a backend" backend_start 3000
    check "and another" backend_start 3001
    store_state | tee "$SCENARIO_DIR/first" >"$SCENARIO_DIR/before"
    since_mark

    # A port, by each of the fixes but the one that is to last, which comes at the end.
    expect_http 502 http://127.0.0.1:8008/
    check "a diagnosis with its fixes" wait_until 40 has_fixes 'port 3000' 3 ||
        note "$(as_user reader selguardctl show "$(id 'port 3000')" 2>&1 | tr '\n' '|')"
    port=$(id 'port 3000')
    summaries "$port" >"$SCENARIO_DIR/fixes"
    mapfile -t fixes <"$SCENARIO_DIR/fixes"
    for i in "${!fixes[@]}"; do
        note "fix $((i + 1)): ${fixes[i]}"
        if [[ ${fixes[i]} == *"type of its own"* ]]; then
            check_eq "it is the first: it opens one port and takes it from nobody" 0 "$i"
            own=$((i + 1))
            continue
        fi
        check "fix $((i + 1)) is applied" apply "$port" $((i + 1))
        expect_http 200 http://127.0.0.1:8008/
        check "fix $((i + 1)) is taken back" revert "$change"
        expect_http 502 http://127.0.0.1:8008/
        store_state >"$SCENARIO_DIR/after"
        check_eq "and the store is as before" "" "$(diff "$SCENARIO_DIR/before" "$SCENARIO_DIR/after" | head -5)"
    done

    # A file that was moved from a home directory.
    move_file
    expect_http 403 http://127.0.0.1:8008/static/moved.html
    check "a diagnosis" wait_until 30 has_fixes 'moved.html' 1
    moved=$(id 'moved.html')
    label=$(stat -c %C /var/www/html/moved.html)
    check "its label is restored" apply "$moved" 1
    expect_http 200 http://127.0.0.1:8008/static/moved.html
    check "and taken back" revert "$change"
    check_eq "to the same label" "$label" "$(stat -c %C /var/www/html/moved.html)"
    expect_http 403 http://127.0.0.1:8008/static/moved.html
    rm /var/www/html/moved.html

    # A Unix socket of a backend that has no domain: one obstacle behind the other.
    check "a backend on a socket" backend_start unix:/run/myapp/app.sock
    chmod 666 /run/myapp/app.sock # plain permissions are another story
    store_state >"$SCENARIO_DIR/before"
    expect_http 502 http://127.0.0.1:8008/socket
    check "a diagnosis" wait_until 30 has_fixes 'app.sock .search' 1
    socket=$(id 'app.sock .search')
    # Where the monitor cannot see who listens, the denial after the label tells it.
    if [[ $(summaries "$socket") != *"to connect to"* ]]; then
        check_match "the fix says what it does not know" 'Who listens' \
            "$(as_user reader selguardctl show "$socket")"
        check "the label is given" apply "$socket" 1
        check_match "and is on disk" 'httpd_(var_run|runtime)_t' "$(ls -dZ /run/myapp)"
        expect_http 502 http://127.0.0.1:8008/socket
        check "then the peer's domain is in the way" wait_until 30 has_fixes 'app.sock .connectto' 1
        check "the label is taken back" revert "$change"
        expect_http 502 http://127.0.0.1:8008/socket
    fi
    check "one fix is for the label and the peer" wait_until 30 \
        eval '[[ $(summaries "$socket" | head -1) == label*"to connect to"* ]]'
    check "it is applied" apply "$socket" 1
    check_match "the label is on disk" 'httpd_(var_run|runtime)_t' "$(ls -dZ /run/myapp)"
    check_match "the module is there" selguard_httpd_t_ "$(semodule -lfull)"
    expect_http 200 http://127.0.0.1:8008/socket
    check "it is taken back" revert "$change"
    expect_http 502 http://127.0.0.1:8008/socket
    store_state >"$SCENARIO_DIR/after"
    check_eq "and all is as before" "" "$(diff "$SCENARIO_DIR/before" "$SCENARIO_DIR/after" | head -5)"

    # What must last.
    check "the port's own type" apply "$port" "${own-0}"
    expect_http 502 http://127.0.0.1:8008/next
    check_match "with its module" selguard_tcp_3000 "$(semodule -lfull)"
    check_match "and its label" 'selguard_tcp_3000_port_t *tcp *3000' "$(semanage port -l -C)"
    expect_http 200 http://127.0.0.1:8008/
    echo "$change" >"$SCENARIO_DIR/change"
    check_eq "nothing was denied to our daemons" "" \
        "$(denials_since | grep -E 'selguard' | sed 's/.*avc:/avc:/' | sort -u)"
else
    check "a backend" backend_start 3000
    check "the site" site
    expect_http 200 http://127.0.0.1:8008/
    check "it can be taken back after a reboot" revert "$(cat "$SCENARIO_DIR/change")"
    expect_http 502 http://127.0.0.1:8008/
    store_state >"$SCENARIO_DIR/after"
    check_eq "and all is as at the beginning" "" "$(diff "$SCENARIO_DIR/first" "$SCENARIO_DIR/after" | head -5)"
fi
