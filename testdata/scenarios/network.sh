# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by loads that need a network, after load.sh: a client, a container host and a web server in a container,
# each a network namespace of its own. Nothing touches the host's network, and all of it ends with the processes
# that hold the namespaces.
#
#   client 192.0.2.2 ── 192.0.2.1 host, DNAT of port 80 ── docker0 172.31.0.1, a bridge ── 172.31.0.2 web

# namespace_make NAME: the namespace's PID in $NAME, its own /sys included.
namespace_make()
{
	rm -f "$WORK/$1.up"
	start unshare --net --mount sh -c 'mount -t sysfs sysfs /sys && ip link set lo up && : >"$0" && exec sleep 58' \
		"$WORK/$1.up"
	printf -v "$1" %s "$started"
	for _ in {1..50}; do
		[ ! -e "$WORK/$1.up" ] || return 0
		sleep 0.02
	done
	skip "no network namespace: $(tail -n 1 "$WORK/output")"
}

# inside PID COMMAND...: with that namespace's network.
inside()
{
	local pid=$1

	shift
	nsenter --target "$pid" --net --mount --wd="$WORK" "$@"
}

# start_inside PID COMMAND...: start, with that namespace's network.
start_inside()
{
	local pid=$1

	shift
	start nsenter --target "$pid" --net --mount --wd="$WORK" "$@"
}

# cable_make PID DEVICE PID DEVICE
cable_make()
{
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" || skip "no veth devices"
	inside "$1" ip link set "$2" up
	inside "$3" ip link set "$4" up
}

# What a container engine sets up for `-p 80:80`.
container_rules()
{
	inside "$host" iptables -t nat -A PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j DNAT --to-destination 172.31.0.2:80 &&
		inside "$host" iptables -t nat -A POSTROUTING -s 172.31.0.0/16 ! -o docker0 -j MASQUERADE &&
		inside "$host" iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT &&
		inside "$host" iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT &&
		inside "$host" iptables -A FORWARD -d 172.31.0.2 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT &&
		inside "$host" iptables -P FORWARD DROP
}

# Namespaces $client, $host and $web, connected.
containers_make()
{
	namespace_make client
	namespace_make host
	namespace_make web
	cable_make "$client" eth0 "$host" eth0
	cable_make "$web" eth0 "$host" veth-web
	inside "$host" ip link add docker0 type bridge || skip "no bridge devices"
	inside "$host" ip link set veth-web master docker0
	inside "$host" ip link set docker0 up
	inside "$client" ip addr add 192.0.2.2/24 dev eth0
	inside "$host" ip addr add 192.0.2.1/24 dev eth0
	inside "$host" ip addr add 172.31.0.1/16 dev docker0
	inside "$web" ip addr add 172.31.0.2/16 dev eth0
	inside "$web" ip route add default via 172.31.0.1
	inside "$host" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	container_rules || skip "iptables can't do NAT here"
}

# A web server in the container, reached from the client through the host.
web_start()
{
	if command -v nginx >"$WORK/which"; then
		nginx_start
	else
		echo here >index.html
		start_inside "$web" timeout --foreground 58 python3 -m http.server --bind 172.31.0.2 80
	fi
	for _ in {1..25}; do
		! web_answers || return 0
		sleep 0.1
	done
	skip "the web server can't be reached: $(tail -n 1 "$WORK/output")"
}

nginx_start()
{
	cat >nginx.conf <<-END
		daemon off;
		user root;
		worker_processes 2;
		pid $WORK/nginx.pid;
		events { }
		http {
			access_log off;
			client_body_temp_path $WORK/body;
			proxy_temp_path $WORK/proxy;
			fastcgi_temp_path $WORK/fastcgi;
			uwsgi_temp_path $WORK/uwsgi;
			scgi_temp_path $WORK/scgi;
			server { listen 172.31.0.2:80; return 200 "here\n"; }
		}
	END
	start_inside "$web" timeout --foreground 58 nginx -e stderr -p "$WORK" -c "$WORK/nginx.conf"
}

web_answers()
{
	inside "$client" timeout 1 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80 && printf "GET / HTTP/1.0\r\n\r\n" >&3 &&
		grep -q here <&3' 2>"$WORK/answer"
}

# packets_to_cpu N: receive work of every device of the three goes to that CPU (RPS).
packets_to_cpu()
{
	local mask pid

	printf -v mask %x "$((1 << $1))"
	for pid in "$client" "$host" "$web"; do
		inside "$pid" sh -c 'for rx in /sys/class/net/*/queues/rx-*/rps_cpus; do echo "$0" >"$rx"; done' "$mask" ||
			skip "no RPS"
	done
}
