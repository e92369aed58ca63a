# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What starts anew under a domain that lives on: another kernel by kexec, a crash kernel, a device model.

# In a guest: its own files as an initrd, but for those that match: a crash kernel has little memory.
# shellcheck disable=SC2016 # the guest's
initrd='initrd() {
	cd / && find . -xdev | grep -v -E -e "^\./(proc|sys|dev|run|tmp)/" "$@" |
		cpio -o -H newc >/tmp/initrd 2>/dev/null && ls -l /tmp/initrd
}'

# load GUEST WORD: the same kernel, to be told by a word.
load() {
	lab-guest run "$1" "$initrd; initrd && kexec -l /root/vmlinuz --initrd=/tmp/initrd \
		--command-line=\"\$(sed 's/ again=.*//' /proc/cmdline) again=$2\" &&
		rm /tmp/initrd && [ \$(cat /sys/kernel/kexec_loaded) = 1 ]"
}

# jump GUEST WORD [BEFORE]: into it; it comes up in the same domain, and has the vGPU.
jump() {
	local domid
	domid=$(xl domid "$1")
	lab-guest next-kernel "$1" || return
	lab-guest run "$1" '(sleep 1; kexec -e) >/dev/null 2>&1 </dev/null &'
	${3:-true} "$1" || return
	lab-guest wait-up "$1" 900 || { xl list; tail -n 20 "/var/log/xen/xl-$1.log"; return 1; }
	[[ $(xl domid "$1") == "$domid" ]] || { xl list; return 1; }
	lab-guest run "$1" "grep again=$2 /proc/cmdline" || return
	(($(xengt list | grep -c -w "$1") == 1))
}

case_kexec() {
	load "$1" "$2" && jump "$1" "$2" && lab-guest run "$1" 'vgpu-test info 256'
}

# While programs use its registers and its GPU.
case_kexec_at_work() {
	load "$1" "$2" && storm "$1" || return
	lab-guest run "$1" '(gpu-test -t 600 copy store) >/dev/null 2>&1 </dev/null &'
	goes_on "$1" && jump "$1" "$2"
}

has_stopped() {
	xl list "$1" | awk 'NR == 2 && $5 ~ /s/ { stopped = 1 } END { exit !stopped }'
}

# The daemon dies when the guest has stopped for its kexec, and is not there when xl starts the device
# model, which waits for it.
away() {
	until_true 120 has_stopped "$1" || { xl list; return 1; }
	kill -KILL "$(pid)"
	systemctl stop xengtd
	until_true 120 pidof xengt-dm || { tail -n 20 "/var/log/xen/xl-$1.log"; return 1; }
	systemctl reset-failed xengtd
	systemctl start xengtd
}

case_kexec_away() {
	load "$1" "$2" && jump "$1" "$2" away
}

# A crash kernel finds the memory of the one that crashed, and in it what that had written.
case_kdump() {
	local domid mark=mark-of-$RANDOM$RANDOM
	domid=$(xl domid "$1")
	lab-guest run "$1" "$initrd; initrd -e /i915 -e vmlinuz && kexec -p /root/vmlinuz --initrd=/tmp/initrd \
		--command-line=\"\$(sed 's/ again=.*//; s/crashkernel=[^ ]*//' /proc/cmdline) again=$2 maxcpus=1 irqpoll\" &&
		[ \$(cat /sys/kernel/kexec_crash_loaded) = 1 ] && rm /tmp/initrd
		for n in \$(seq 1000); do echo $mark \$n; done >/tmp/mark" || return
	lab-guest next-kernel "$1" || return
	lab-guest run "$1" '(sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 </dev/null &'
	lab-guest wait-up "$1" 900 || { xl list; return 1; }
	[[ $(xl domid "$1") == "$domid" ]] || { xl list; return 1; }
	lab-guest run "$1" "ls -l /proc/vmcore; head -c 4 /proc/vmcore | grep -a ELF &&
		tr -d '\\0' </proc/vmcore | grep -a -F -q '$mark 1000'"
}

# Its device model is killed and started again by hand, by the arguments that it had; beside a living
# one it is refused. The guest and its vGPU go on.
case_model_again() {
	local domid model arguments said
	domid=$(xl domid "$1")
	model=$(xenstore-read "/local/domain/$domid/image/device-model-pid") || return
	mapfile -d '' -t arguments <"/proc/$model/cmdline"
	arguments[0]=/usr/libexec/xengt/xengt-dm
	said=$("${arguments[@]}" 2>&1 </dev/null) && return 1
	echo "$said"
	grep "domain $domid has a vGPU already" <<<"$said"
}
