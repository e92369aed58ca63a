# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A vGPU through its guest's life, and the daemon's.

# storm GUEST: start checked accesses without end on each of its vCPUs, and go on meanwhile.
storm() {
	lab-guest run "$1" 'rm -f /tmp/storm.*
		for lane in $(seq $(nproc)); do
			(vgpu-test storm $lane >/tmp/storm.$lane 2>&1; echo "status $?" >>/tmp/storm.$lane) >/dev/null 2>&1 </dev/null &
		done
		until [ $(cat /tmp/storm.* | grep -c begins) = $(nproc) ]; do sleep 0.1; done'
}

# End them: every one of its vCPUs has got every answer. What did not end is looked at.
storm_ended_well() {
	lab-guest run "$1" 'killall -TERM vgpu-test; n=0
		until [ $(cat /tmp/storm.* | grep -c status) = $(nproc) ]; do
			sleep 0.1; n=$((n + 1)); [ $n -lt 100 ] || break
		done
		for one in $(pidof vgpu-test); do
			grep -E "^(State|Sig|ShdPnd|.*ctxt)" /proc/$one/status; cat /proc/$one/stat /proc/$one/syscall
		done
		cat /tmp/storm.*
		[ $(cat /tmp/storm.* | grep -c "^ok") = $(nproc) ]' && return
	xengt show "$1"
	xl vcpu-list "$1"
	sleep 2
	xengt show "$1" | grep requests
	return 1
}

requests_after() {
	(($(counter "$1" requests requests) > $2))
}

# goes_on GUEST: more requests arrive.
goes_on() {
	local now
	now=$(counter "$1" requests requests)
	until_true 30 requests_after "$1" $((now + 20)) || { echo "stands at $now requests"; return 1; }
}

pid() {
	systemctl show -p MainPID --value xengtd
}

another_pid() {
	[[ $(pid) != 0 && $(pid) != "$1" ]] && xengt version
}

# The daemon dies in the middle of requests; systemd starts another; no access is lost.
case_kill() {
	local old
	storm "$1" || return
	for _ in 1 2 3; do
		old=$(pid)
		kill -KILL "$old"
		until_true 30 another_pid "$old" || { echo 'xengtd did not come back'; return 1; }
		goes_on "$1" || return
	done
	systemctl reset-failed xengtd
	storm_ended_well "$1"
}

case_restart() {
	storm "$1" && systemctl restart xengtd && goes_on "$1" && storm_ended_well "$1"
}

case_pause() {
	storm "$1" || return
	for _ in 1 2 3; do
		xl pause "$1" && sleep 0.2 && xl unpause "$1" && goes_on "$1" || return
	done
	storm_ended_well "$1"
}

case_storms() {
	local guest
	for guest; do
		storm "$guest" || return
	done
	for guest; do
		goes_on "$guest" || return
	done
	for guest; do
		storm_ended_well "$guest" || return
	done
}

case_reboot() {
	local before
	before=$(xl domid "$1")
	lab-guest run "$1" '(sleep 1; reboot -f) >/dev/null 2>&1 &'
	until_true 120 other_domid "$1" "$before" || { echo 'no new domain'; return 1; }
	lab-guest wait-up "$1" 900 || return
	lab-guest run "$1" 'vgpu-test info '"$2"
	(($(xengt list | grep -c -w "$1") == 1))
}

other_domid() {
	local now
	now=$(xl domid "$1") && [[ $now != "$2" ]]
}

gone() {
	! xengt list | grep -q -w "$1" && ! xl list | grep -q -e "$1" -e '(null)'
}

nothing_of() {
	[[ ! -e /run/xengt/$1.vgpu ]]
}

# Destroyed in mid-request: nothing of it is left in Xen, in the daemon or in /run.
case_destroy() {
	local domid
	domid=$(xl domid "$1")
	storm "$1" && goes_on "$1" || return
	xl destroy "$1" || return
	until_true 60 gone "$1" || { xengt list; xl list; return 1; }
	nothing_of "$domid"
}

# The stock device model after xengt-dm, as a user of its own: libxl's restricted ones.
case_restricted() {
	getent passwd xen-qemuuser-shared >/dev/null ||
		useradd --system --no-create-home xen-qemuuser-shared || return
	start "$1" "$2" 'dm_restrict=1' || return
	ps -eo user:32=,args= | grep -e "-name $1 " | grep -v grep | tee /dev/stderr | grep -q '^xen-qemuuser'
}

# Restored, it has a vGPU as after power-on, which its driver sets up again as it resumes.
case_restored() {
	xl save "$1" /var/tmp/saved || return
	until_true 60 gone "$1" || return
	xl restore /var/tmp/saved || { tail "/var/log/xen/qemu-dm-$1.log"; return 1; }
	rm /var/tmp/saved
	lab-guest run "$1" "dmesg | tail -n 15; vgpu-test info $2"
}

# But for what Xen keeps of its own, for dom0 and for good: where it notes the grants that dom0 maps.
memory_back() {
	(($(free_memory) >= $1 - 1))
}

case_memory_back() {
	until_true 60 memory_back "$1" || { echo "free: $(free_memory) MiB, was $1"; return 1; }
	xl debug-keys q
	! xl dmesg | tail -n 200 | grep 'General information for domain [1-9]'
}

# A guest whose vGPU cannot be had does not start; xl create shows why, and so does its log.
case_refused() {
	local said
	said=$(xl create "$1" 'name="refused"' \
		'device_model_args=["-xengt","aperture_mb=100"]' 2>&1) && { xl destroy refused; return 1; }
	echo "$said"
	grep -F 'aperture_mb=100: it takes a power of two' <<<"$said" || return
	grep -F 'aperture_mb=100: it takes a power of two' /var/log/xen/qemu-dm-refused.log
}

# Attached by hand to a guest that waits, and taken away again.
case_by_hand() {
	local ok=1
	grep -v '^device_model_' "$1" >/tmp/byhand.cfg
	xl create -p /tmp/byhand.cfg 'name="byhand"' || return
	xengt attach byhand slot=9,aperture_mb=128 && xengt list | grep byhand &&
		! xengt attach byhand && xengt detach byhand && ! xengt show byhand && ok=0
	xl destroy byhand
	return $ok
}
