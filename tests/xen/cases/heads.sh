# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A guest with a monitor: what its driver makes of it.

# case_monitor GUEST: the driver has one connector, has read the monitor's EDID, and its console is there.
case_monitor() {
	lab-guest run "$1" 'cd /sys/class/drm; set -- card*-*
		echo "$* $(cat "$1/status") $(cat "$1/enabled"), EDID of $(wc -c <"$1/edid") bytes"; cat "$1/modes"
		[ $# = 1 ] && [ "$1" = card0-DP-1 ] && [ "$(cat "$1/status")" = connected ] &&
			[ "$(cat "$1/enabled")" = enabled ] && [ "$(wc -c <"$1/edid")" = 256 ] &&
			[ "$(head -n 1 "$1/modes")" = 1920x1080 ] && dmesg | grep "fb0: i915drmfb"'
}

# case_vblanks GUEST: they come while somebody waits, some 60 a second; an idle console's do not.
case_vblanks() {
	local before after
	lab-guest run "$1" 'vgpu-test vsync 120' || return
	before=$(interrupts "$1")
	lab-guest run "$1" 'sleep 3'
	after=$(interrupts "$1")
	echo "interrupts in 3 s without work: $((after - before))"
	((after - before < 30))
}

# case_drawn GUEST: its console is drawn to.
case_drawn() {
	lab-guest run "$1" 'dd if=/dev/urandom of=/dev/fb0 bs=64k count=16 && echo hello >/dev/tty1' && case_vblanks "$1"
}

# case_head_killed GUEST: the vGPU's process dies while vblanks are waited for; they come again.
case_head_killed() {
	local n
	lab-guest run "$1" '(vgpu-test vsync 600 >/tmp/vsync 2>&1; echo "status $?" >>/tmp/vsync) >/dev/null 2>&1 </dev/null &' ||
		return
	for n in 1 2 3; do
		until_true 30 has_server "$1" && kill -KILL $(server "$1") || return
		goes_on "$1" || return
	done
	lab-guest run "$1" 'until grep -q status /tmp/vsync; do sleep 0.1; done; cat /tmp/vsync; grep -q "status 0" /tmp/vsync'
}
