# The commands that are shown beside a fix do what it does: the request succeeds, and they can be
# taken back by hand, too.
# needs: project
# timeout: 400
# takes: 85
# policy: whole
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

# describe PATTERN: the JSON of the diagnosis whose summary matches.
describe() {
    local id
    id=$(as_user reader selguardctl list | awk -v pattern="$1" '$0 ~ pattern { print $1; exit }')
    as_user reader selguardctl show "$id" --json
}
is_analyzed() { describe "$1" | grep -q '"analyzed": *true'; }
# script FIX WHAT <JSON: shell commands that carry a fix out ("make") or take it back ("undo").
script() {
    python3 -c '
import json, shlex, sys
fix = json.load(sys.stdin)["fixes"][int(sys.argv[1]) - 1]
undo = []
print("set -e; cd $(mktemp -d)")
do = []
for action, command in zip(fix["actions"], fix["commands"]):
    kind = action["kind"]
    if kind == "install-module":
        undo.insert(0, "semodule -r " + action["name"])
    elif kind == "set-boolean":
        undo.insert(0, "setsebool -P %s %s" % (action["name"], "off" if action["value"] else "on"))
    elif kind == "set-port":
        undo.insert(0, "semanage port -d -p %s %d" % (action["protocol"], action["low"]))
    elif kind == "set-file-context":
        undo.append("semanage fcontext -d " + shlex.quote(action["regex"]))
    do.append(command)
print("\n".join(do if sys.argv[2] == "make" else undo))' "$1" "$2"
}
# carry_out FIX WHAT <JSON
carry_out() {
    local commands
    commands=$(script "$1" "$2") && bash -c "$commands"
}
fixes() { python3 -c 'import json, sys; print(len(json.load(sys.stdin)["fixes"]))'; }
summary() { python3 -c 'import json, sys; print(json.load(sys.stdin)["fixes"][int(sys.argv[1]) - 1]["summary"])' "$1"; }

check "a site" nginx_site shop <<'CONF'
server {
    listen 8008;
    location / { proxy_pass http://127.0.0.1:3000; }
    location /next { proxy_pass http://127.0.0.1:3001; }
    location /socket { proxy_pass http://unix:/run/myapp/app.sock:/; }
    location /static { alias /var/www/html; }
}
CONF
check "a backend" backend_start 3000
check "and another" backend_start 3001
expect_http 502 http://127.0.0.1:8008/
check "a diagnosis with its fixes" wait_until 30 is_analyzed 'port 3000'
diagnosis=$(describe 'port 3000')
n=$(fixes <<<"$diagnosis")
check_eq "several fixes" yes "$([[ $n -ge 3 ]] && echo yes)"
# A module with a port, and a boolean with a port: the other kinds stand in these, too. Scenario 30
# has the service apply each of them.
for i in 2 3; do
    note "fix $i: $(summary "$i" <<<"$diagnosis")"
    check "fix $i can be carried out by hand" carry_out "$i" make <<<"$diagnosis"
    expect_http 200 http://127.0.0.1:8008/
    if summary "$i" <<<"$diagnosis" | grep -q 'type of its own'; then
        expect_http 502 http://127.0.0.1:8008/next
    fi
    check "fix $i can be taken back" carry_out "$i" undo <<<"$diagnosis"
    expect_http 502 http://127.0.0.1:8008/
done
