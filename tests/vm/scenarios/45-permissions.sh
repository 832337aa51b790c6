# Plain permissions are told apart from SELinux on a live host, with the user, groups and
# capabilities of nginx's own processes; and each change that is put forward helps.
# needs: project
# timeout: 400
# takes: 52
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

# found WORD: the JSON of the diagnosis that names it, in $SCENARIO_DIR/found.
found() {
    local id
    id=$(as_user reader selguardctl list | awk -v word="$1" 'index($0, word) {print $1; exit}')
    [[ -n $id ]] || return 1
    as_user reader selguardctl show "$id" --json >"$SCENARIO_DIR/found" || return 1
    [[ $(field analyzed) == True ]]
}
# field PATH: of it, as Python writes it: "fixes.0.summary"
field() {
    python3 - "$SCENARIO_DIR/found" "$1" <<'PYTHON'
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."):
    try:
        value = value[int(key)] if isinstance(value, list) else value[key]
    except (KeyError, IndexError):
        value = ""
print(value)
PYTHON
}
# by_hand: does what the first fix says.
by_hand() { bash -c "$(field fixes.0.commands.0)"; }

check "a directory that only root may pass" mkdir -p /srv/closed/www
check "with a page" bash -c 'echo page >/srv/closed/www/page.html; chmod 700 /srv/closed'
check "labelled for the web" bash -c 'chcon -R -t httpd_sys_content_t /srv/closed'
check "a socket of a backend" bash -c 'mkdir -p /run/modes && chcon -t httpd_runtime_t /run/modes'
check "a live backend" backend_start unix:/run/modes/app.sock
check "its socket for root alone" bash -c 'chmod 600 /run/modes/app.sock; chcon -t httpd_runtime_t /run/modes/app.sock'
check "a site" nginx_site modes <<'CONF'
server {
    listen 8008;
    location /closed/ { alias /srv/closed/www/; }
    location /app { proxy_pass http://unix:/run/modes/app.sock; }
    location /gone { proxy_pass http://unix:/run/modes/gone.sock; }
}
CONF
since_mark

expect_http 403 http://127.0.0.1:8008/closed/page.html
check "the page is diagnosed" wait_until 20 found closed/www/page.html
check_eq "as permissions" blocked-by-permissions "$(field verdict)"
check_eq "by file mode" file-mode "$(field cause)"
check_eq "at the directory" /srv/closed "$(field permissions.path)"
check_eq "for want of" x "$(field permissions.missing)"
check_match "of the worker's user" 'www-data \(uid 33\)' "$(field permissions.user)"
check_match "with one user let in" '^setfacl -m u:www-data:x /srv/closed$' "$(field fixes.0.commands.0)"
check_not "and the kernel denied nothing" denials_since closed
note "$(field notes)"
check "the advice is taken" by_hand
expect_http 200 http://127.0.0.1:8008/closed/page.html

expect_http 502 http://127.0.0.1:8008/app
check "the socket is diagnosed" wait_until 20 found modes/app.sock
check_eq "as permissions" blocked-by-permissions "$(field verdict)"
check_eq "at the socket" /run/modes/app.sock "$(field permissions.path)"
check_eq "for want of" w "$(field permissions.missing)"
note "$(field notes)"
note "$(field fixes.0.commands)"
check "the advice is taken" by_hand
expect_http 502 http://127.0.0.1:8008/app
check "what stands behind it was SELinux" expect_denial 'connectto'

expect_http 502 http://127.0.0.1:8008/gone
check "the missing socket is diagnosed" wait_until 20 found modes/gone.sock
check_eq "as no permission problem" not-a-permission-problem "$(field verdict)"
note "$(field notes)"

# Nobody announces a chmod: the monitor looks again after a minute.
resolved() { found "$1" && [[ $(field state) == resolved ]]; }
check "what was mended is resolved" wait_until 90 resolved closed/www/page.html

rm -rf /srv/closed
