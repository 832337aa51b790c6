# Upstreams over TCP, each kind that people have: what is in the way is told apart, and the
# first fix makes the request succeed.
# needs: project
# timeout: 800
# takes: 118
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

check "a monitor that knows nothing yet" monitor_forget
readonly PORTS=(3000 5000 6379 5432 65000)
site=http://127.0.0.1:8008

# speak NAME PORT <<script: a server of a line protocol, in shell.
speak() {
    cat >"$SCENARIO_DIR/$1.sh"
    systemd-run --quiet --collect --unit="selguard-backend-$1" \
        socat "TCP-LISTEN:$2,reuseaddr,fork" "EXEC:bash $SCENARIO_DIR/$1.sh"
}
# What a client of nginx's mail proxy is told after its RCPT. It stays connected meanwhile, as mail
# clients do: nginx ends a session whose client has sent its last.
send_mail() {
    python3 -c '
import smtplib
client = smtplib.SMTP("127.0.0.1", 488, timeout=30)
client.ehlo("client.example.com")
client.mail("a@example.com")
print(client.rcpt("b@example.com"))' 2>&1 | tail -n 1
}
tcp_answer() { timeout 20 curl -s --max-time 15 "http://127.0.0.1:8009/" | head -n 1; }

check "a name for a backend" bash -c 'echo "127.0.0.1 app.internal" >>/etc/hosts'
for port in "${PORTS[@]}" 8080 4000 7110; do
    check "a backend on $port" backend_start "$port"
done
check "one over IPv6" backend_start '[::1]:7003'
check "memcached" speak memcached 11211 <<'END'
read -r line
printf 'VALUE s:1 0 5\r\nhello\r\nEND\r\n'
END
check "who says where mail goes" speak auth 7200 <<'END'
while read -r line && [[ -n ${line%$'\r'} ]]; do :; done
printf 'HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: 25\r\n\r\n'
END
check "a mail server" speak smtp 25 <<'END'
printf '220 mx\r\n'
while read -r line && [[ $line != QUIT* ]]; do printf '250 accepted by the backend\r\n'; done
END
cat >"$MAIN_SNIPPETS/90-vm-others.conf" <<'CONF'
stream {
    server { listen 8009; proxy_pass 127.0.0.1:7110; }
}
mail {
    server_name mail.example.com;
    auth_http 127.0.0.1:7200/auth;
    server { listen 488; protocol smtp; smtp_auth none; xclient off; }
}
CONF
{
    echo 'upstream api { server app.internal:4000; }'
    echo 'server { listen 8008; server_name shop.example.com;'
    for port in "${PORTS[@]}" 8080 7999; do
        echo "    location /$port/ { proxy_pass http://127.0.0.1:$port/; }"
    done
    cat <<'CONF'
    location /v6/ { proxy_pass http://[::1]:7003/; }
    location /name/ { proxy_pass http://api/; }
    location /session/ { set $memcached_key "s:$arg_id"; memcached_pass 127.0.0.1:11211; }
}
CONF
} >"$SITES/shop.conf"
check "nginx before all of them" bash -c 'systemctl restart nginx'
keep /etc/nginx

# Forty seconds of requests would fall into one diagnosis each: one does.
for location in "${PORTS[@]/%//}" 8080/ v6/ name/ session/?id=1; do
    expect_http 502 "$site/$location"
done
check_not "nothing comes through the stream proxy" test -n "$(tcp_answer)"
check_not "nor by mail" grep -q 'accepted by the backend' <<<"$(send_mail)"
expect_table denied

# All first fixes at once: the service applies one of each kind in 30-apply-fixes, and a policy
# transaction takes most of a minute here.
mkdir -p "$SCENARIO_DIR/batch"
targets=("${PORTS[@]/#/tcp/}" tcp/8080 tcp/7003 tcp/4000 tcp/11211 tcp/7110 tcp/7200)
check "their first fixes" catalogue batch "$SCENARIO_DIR/batch" "${targets[@]}"
begin=$SECONDS
check "carried out" bash "$SCENARIO_DIR/batch/make"
note "$(tr '\n' ';' <"$SCENARIO_DIR/batch/make") ($((SECONDS - begin)) s)"
for location in "${PORTS[@]/%//}" 8080/ v6/ name/ session/?id=1; do
    expect_http 200 "$site/$location"
done
check_match "the stream proxy works" 'backend 7110' "$(tcp_answer)"
# Behind the authentication server comes the mail server, if its port is not open by now. That fix
# is a boolean, which takes no time if it is not to stay.
if ! send_mail | grep -q 'accepted by the backend'; then
    expect_table next
    check "the mail server may be reached" setsebool httpd_can_sendmail on
fi
check_match "mail is accepted" 'accepted by the backend' "$(send_mail)"
setsebool httpd_can_sendmail off

# Nobody listens, and SELinux has nothing to do with it.
check "the boolean on, for now" setsebool httpd_can_network_connect on
expect_http 502 "$site/7999/"
expect_table down
check "the boolean off" setsebool httpd_can_network_connect off

check "all taken back" bash "$SCENARIO_DIR/batch/undo"
expect_http 502 "$site/3000/"
sed -i '/app\.internal/d' /etc/hosts
