# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The walls around guests' processes: what each may, that one may die at any instant, and what one reaches
# that its guest has taken over.

# server NAME: the process that serves a guest.
server() {
	pgrep -f "^xengt-guest $(xl domid "$1")\$"
}

has_server() {
	server "$1" >/dev/null
}

# A user of its own, no capability, no new privileges, a filter; nothing below its root; a cgroup with its
# share.
case_rights() {
	local pid domid share cap
	pid=$(server "$1") && domid=$(xl domid "$1") || return
	grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)' /proc/"$pid"/status
	[[ $(awk '/^Uid:/ { print $2, $3, $4 }' /proc/"$pid"/status) == "$((1879048192 + domid)) $((1879048192 + domid)) $((1879048192 + domid))" ]] ||
		{ echo "its user is another"; return 1; }
	for cap in Inh Prm Eff Amb; do
		grep -q "^Cap$cap:[[:space:]]*0000000000000000\$" /proc/"$pid"/status || { echo "Cap$cap"; return 1; }
	done
	grep -q '^NoNewPrivs:[[:space:]]*1$' /proc/"$pid"/status && grep -q '^Seccomp:[[:space:]]*2$' /proc/"$pid"/status ||
		return
	[[ -z $(ls -A /proc/"$pid"/root/) ]] || { ls -la /proc/"$pid"/root/; return 1; }
	share=/sys/fs/cgroup/system.slice/xengtd.service/guest-$domid
	[[ $(cat "$share/cgroup.procs") == "$pid" ]] || { cat "/proc/$pid/cgroup"; return 1; }
	grep . "$share"/{cpu.weight,cpu.max,memory.high,memory.max,pids.max}
	[[ $(cat "$share/cpu.weight") == "$2" ]]
}

# A share that is changed is the kernel's at once.
case_share() {
	local share
	share=/sys/fs/cgroup/system.slice/xengtd.service/guest-$(xl domid "$1")
	xengt schedule "$1" 3 50 || return
	grep . "$share"/{cpu.weight,cpu.max}
	[[ $(cat "$share/cpu.weight") == 75 && $(awk '{ print $1 * 100 / $2 }' "$share/cpu.max") == 50 ]]
}

# Processes are killed at random instants, one or all, while both guests access: no access is lost, and each
# guest goes on. $3: how often.
case_killed_at_random() {
	local n guest kind
	for guest in "$1" "$2"; do
		storm "$guest" || return
	done
	for ((n = 0; n < $3; n++)); do
		sleep "0.$((RANDOM % 1000))"
		kind=$((RANDOM % 8))
		case $kind in
		0 | 1 | 2) kill -KILL $(server "$1") ;;
		3 | 4 | 5) kill -KILL $(server "$2") ;;
		6) kill -KILL "$(pid)" ;;
		7) kill -KILL "$(pid)" $(server "$1") $(server "$2") ;;
		esac 2>/dev/null
		((kind < 6)) || systemctl reset-failed xengtd
		((n % 10)) && continue
		for guest in "$1" "$2"; do
			until_true 60 xengt show "$guest" >/dev/null 2>&1
			goes_on "$guest" || { echo "$guest stands after $n"; return 1; }
		done
	done
	for guest in "$1" "$2"; do
		until_true 60 has_server "$guest" || return
		goes_on "$guest" && storm_ended_well "$guest" || return
	done
	journalctl -u xengtd | grep -c 'its process ended: killed by SIGKILL; it is started again'
}

# A process that was taken over, played by a program in its place: what it tries and what comes of it.
captive_trials() {
	cat <<'END'
1 captive tried memory_of_dom0: (Operation not permitted|Permission denied)
2 captive tried memory_of_another: (Operation not permitted|Permission denied)
3 captive tried interrupt_of_another: (Operation not permitted|Permission denied)
4 captive tried server_of_another: (Operation not permitted|Permission denied)
5 killed by SIGSYS
6 captive tried open_privcmd: Permission denied
7 captive tried read_a_file: Permission denied
8 killed by SIGSYS
9 killed by SIGSYS
10 killed by SIGSYS
11 killed by SIGSYS
12 killed by SIGSYS
13 killed by SIGSYS
END
}

case_captive() {
	local nr expected wrong=0 said real=/usr/libexec/xengt/xengt-guest since
	mv $real $real.real && cp /usr/libexec/xengt-lab/captive $real || return
	while read -r nr expected; do
		since=$(date '+%F %T')
		xl create -p "$2" 'name="captive"' "device_model_args=[\"-xengt\",\"weight=$nr\"]" >/dev/null 2>&1
		xl destroy captive 2>/dev/null
		until_true 30 eval '! xl domid captive' || wrong=1
		said=$(journalctl -u xengtd --since "$since" -o cat)
		grep -E 'captive tried|captive tries|killed by' <<<"$said" | sort -u
		grep -q 'captive tries' <<<"$said" && grep -q -E "$expected" <<<"$said" && ! grep -q 'HAD ITS WAY' <<<"$said" ||
			{ echo "trial $nr: not so"; echo "$said"; wrong=1; }
	done < <(captive_trials)
	mv $real.real $real
	lab-guest run "$1" 'gpu-test nop' && return $wrong
}

# case_beside_attacks GUEST HOSTILE: what the hostile one's root does in one instruction is cut into turns:
# no access of the other's takes as long as such an instruction, and its work is done. (Its vCPU's own
# instruction may take long.) Printed: what the other's accesses took alone, and beside each attack.
case_beside_attacks() {
	local attack ok=0
	echo "alone: $(lab-guest run "$1" 'vgpu-test worst 3')"
	lab-guest run "$2" "$unload"'
		unload' || return
	for attack in resets decoding moves fences; do
		lab-guest run "$2" "vgpu-test attack $attack 10" >/tmp/attack 2>&1 &
		echo "beside $attack: $(lab-guest run "$1" 'vgpu-test worst 3' | tee /tmp/worst)"
		lab-guest run "$1" 'gpu-test -n 20 store copy' || ok=1
		wait $!
		cat /tmp/attack
		grep -q ^ok /tmp/attack && awk '{ exit !($(NF - 1) > 0 && $(NF - 1) < 1000000) }' /tmp/worst || ok=1
	done
	lab-guest run "$2" 'modprobe i915' && case_engines "$2" >/dev/null || ok=1
	return $ok
}
