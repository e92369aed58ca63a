# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What xl does to guests, beside creating and destroying them; and what becomes of xl's own helpers.

case_rename() {
	xl rename "$1" other || return
	xengt show other | head -n 1
	xengt show other >/dev/null && xl rename other "$1" && xengt show "$1" >/dev/null
}

# An NMI is the guest's own affair, and its vGPU goes on.
case_trigger() {
	xl trigger "$1" nmi || return
	lab-guest run "$1" 'dmesg | grep -i nmi; gpu-test nop store'
}

dumped() {
	find /var/lib/xen/dump -name "*$1*" | grep -q .
}

# It panics; xl writes its memory out and destroys it.
case_crash() {
	local domid
	domid=$(xl domid "$1")
	# Where xl writes to; Debian's packages do not make it.
	mkdir -p /var/lib/xen/dump
	rm -rf /var/lib/xen/dump/*
	lab-guest run "$1" '(sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &' || return
	until_true 300 gone "$1" || { xl list; return 1; }
	ls -l /var/lib/xen/dump
	dumped "$1" && nothing_of "$domid"
	local ok=$?
	rm -rf /var/lib/xen/dump/*
	return $ok
}

has_crashed() {
	xl list "$1" | awk 'NR == 2 && $5 ~ /c/ { crashed = 1 } END { exit !crashed }'
}

memory_of() {
	xl list "$1" | awk 'NR == 2 { print $3 }'
}

# It panics and is preserved: its vGPU stays with it, to be looked at. Another guest that is to have
# the same vGPU is refused, until it is taken from the preserved domain, whose memory stays.
case_preserve() {
	local domid said memory next=("$2" 'name="next"' "device_model_args=[\"-xengt\",\"uuid=$3\"]")
	domid=$(xl domid "$1")
	lab-guest run "$1" '(sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &' || return
	until_true 60 has_crashed "$domid" || { xl list; return 1; }
	xl list
	xengt show "$domid" >/dev/null || return
	said=$(xl create -p "${next[@]}" 2>&1) && { xl destroy next; return 1; }
	echo "$said"
	grep -F "domain $domid ($1), which does not run any more, has vGPU $3; 'xengt detach $1' takes it away" <<<"$said" ||
		return
	memory=$(memory_of "$domid")
	xengt detach "$1" || return
	[[ $(memory_of "$domid") == "$memory" ]] && has_crashed "$domid" || { xl list; return 1; }
	xl create -p "${next[@]}" && xengt list | grep -w next && xl destroy next || return
	xl destroy "$domid" || return
	until_true 60 gone "$1" && nothing_of "$domid" && xengt remove "$3"
}

# Powered off from inside, and started again by xl, with a vGPU as new.
case_restarted() {
	local before
	before=$(xl domid "$1")
	lab-guest run "$1" '(sleep 1; poweroff -f) >/dev/null 2>&1 &'
	until_true 120 other_domid "$1" "$before" || { xl list; return 1; }
	nothing_of "$before" && lab-guest wait-up "$1" 900 && lab-guest run "$1" "vgpu-test info $2"
}

# Its device model is killed: whatever the guest waits for, xl destroy ends all of it.
case_dm_killed() {
	local domid
	domid=$(xl domid "$1")
	kill -9 "$(xenstore-read "/local/domain/$domid/image/device-model-pid")" || return
	xengt show "$1" >/dev/null && xl destroy "$1" || return
	until_true 60 gone "$1" && nothing_of "$domid"
}

# Destroyed while xl creates it, at any moment.
case_killed_young() {
	local n ok=0 creates
	for n in 1 2 3 4 5 6; do
		member young "$1" >/dev/null 2>&1 &
		creates=$!
		until_true 30 xl domid young || ok=1
		sleep "0.$((n * 2))"
		xl destroy young
		wait $creates
		xl destroy young 2>/dev/null
		until_true 60 gone young || { xl list; xengt list; ok=1; }
	done
	until_true 30 eval '[[ -z $(traces) ]]' || { traces; ok=1; }
	return $ok
}

# A guest that cannot be created for a reason of its own leaves no vGPU.
case_fails_to_start() {
	local said
	said=$(xl create "$1" 'name="broken"' 'disk=["/nonexistent,raw,xvda,w"]' 2>&1) &&
		{ xl destroy broken; return 1; }
	tail -n 3 <<<"$said"
	until_true 30 eval '[[ -z $(traces) ]]' || { traces; return 1; }
}

# xenstored does not answer for a while: a vGPU is served without it.
case_store_stops() {
	local store ok
	store=$(pidof xenstored oxenstored) && storm "$1" || return
	kill -STOP "$store"
	goes_on "$1"
	ok=$?
	kill -CONT "$store"
	storm_ended_well "$1" && return $ok
}
