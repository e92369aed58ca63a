# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A guest's GPU at work, by gpu-test and IGT's programs in the guest.

# The driver has all engines, and declares nothing wedged.
case_engines() {
	local said engine
	said=$(lab-guest run "$1" 'dmesg; ls /sys/class/drm/card*/engine /dev/dri; cat /sys/kernel/debug/dri/*/i915_engine_info') ||
		{ tail -n 30 <<<"$said"; return 1; }
	grep -i -E 'wedged|GPU HANG' <<<"$said" && return 1
	for engine in rcs0 bcs0 vcs0 vecs0 renderD128; do
		grep -q -w "$engine" <<<"$said" || { echo "missing: $engine"; return 1; }
	done
}

# case_gpu GUEST WORD...: gpu-test's verdicts; dom0's log and the guest's when they are bad.
case_gpu() {
	lab-guest run "$1" "gpu-test ${*:2}" && return
	xengt show "$1"
	lab-guest run "$1" 'dmesg | tail -n 15'
	return 1
}

# changed GUEST TEST TRAP COUNTER: by gpu-test TEST, 1,000 entries at least, and few writes trapped.
changed() {
	local traps entries
	traps=$(counter "$1" traps "$3") entries=$(counter "$1" tables "$4")
	lab-guest run "$1" "gpu-test -n 2 $2" || return
	traps=$(($(counter "$1" traps "$3") - traps)) entries=$(($(counter "$1" tables "$4") - entries))
	echo "$entries entries changed, $traps writes trapped"
	((entries >= 1000 && traps <= 5))
}

case_changes() {
	changed "$1" leaves tracked_write ppgtt_changes && changed "$1" ggtt ggtt_write ggtt_changes
}

# The driver waits less long for what hangs (2.5 s for each of five signs of life, 20 s for a batch),
# since an emulated processor is busy for as long.
case_hurry() {
	lab-guest run "$1" 'for engine in /sys/class/drm/card0/engine/*; do echo 300 >$engine/heartbeat_interval_ms; done
		echo 3000 >/sys/module/i915/parameters/request_timeout_ms'
}

# case_igt GUEST SECONDS FILE: a list of IGT's programs, each with that limit.
case_igt() {
	lab-guest run "$1" "igt-run $2 <<'END'
$(cat "$3")
END"
}

# Slots that name what batches may write, as its driver left them: five of the render engine name
# registers, its others RING_NOPID, of which batches can write nothing. Drivers leave the slots of
# engines of which they name none as they were.
case_nonpriv() {
	local said
	said=$(lab-guest run "$1" 'dev=$(readlink -f /sys/bus/pci/drivers/i915/0000:*)
		bar=$(($(head -n 1 $dev/resource | cut -d " " -f 1)))
		for base in 0x2000 0x22000 0x12000 0x1a000; do
			for slot in 0 1 2 3 4 5 6 7 8 9 10 11; do
				echo "$base $(devmem $((bar + base + 0x4d0 + 4 * slot)) 32)"
			done
		done' | tr -d '\r') || { echo "$said"; return 1; }
	sort <<<"$said" | uniq -c
	[[ $(grep -c -i -E '^0x2000 0x0000(2248|2580|7304|7014|B118)$' <<<"$said") == 5 ]] &&
		[[ $(grep -c '^0x2000 0x00002094$' <<<"$said") == 7 ]] &&
		[[ $(grep -c -i -E '^(0x22000|0x12000|0x1a000) 0x000(00000|22094|12094|1a094)$' <<<"$said") == 36 ]]
}

# A workload on three engines with dependencies, and two contexts, from a file.
case_wsim() {
	lab-guest run "$1" 'printf "%s\n" 1.RCS.500.0.0 1.BCS.200.-1.0 2.VCS.300.0.0 2.RCS.500-900.-1.1 p.4000 >/tmp/mix.wsim
		igt-run 60 <<END
gem_wsim -r 20 -w /tmp/mix.wsim
gem_wsim -r 10 -c 2 -w 1.VECS.300.0.1,1.RCS.300.-1.1
END'
}

# What intel_gpu_top says of an engine that works.
case_gpu_top() {
	local said
	said=$(lab-guest run "$1" '(gpu-test -t 6 -n 2000 nop >/dev/null 2>&1 </dev/null &)
		timeout 5 intel_gpu_top -J -s 1000')
	echo "$said" | tail -n 40
	awk '/"Render\/3D/ { ours = 1 } ours && /"busy"/ { gsub(/[^0-9.]/, ""); if ($0 > 0) seen = 1; ours = 0 }
		END { exit !seen }' <<<"$said"
}

# case_seen_whole GUEST MIB: so much of the aperture at once, and not by traps; on a Xen whose command
# line says nothing of grants.
case_seen_whole() {
	local before after
	xl info | grep '^xen_commandline.*gnttab' && return 1
	before=$(($(counter "$1" traps aperture_read) + $(counter "$1" traps aperture_write)))
	lab-guest run "$1" "gpu-test -n $2 aperture" || return
	after=$(($(counter "$1" traps aperture_read) + $(counter "$1" traps aperture_write)))
	echo "$((after - before)) accesses trapped, $(counter "$1" memory grant_frames) frames of grants"
	((after - before < 512))
}

case_module() {
	lab-guest run "$1" "$unload"'
		dmesg -c >/dev/null
		unload && modprobe i915 && gpu-test nop store' || {
		lab-guest run "$1" 'dmesg | tail -n 30'
		return 1
	}
}

# The function without a driver is reset as Linux does it; then the driver has it again.
case_function_reset() {
	lab-guest run "$1" "$unload"'
		dmesg -c >/dev/null; dev=$(readlink -f /sys/bus/pci/drivers/i915/0000:*)
		unload && cat $dev/reset_method && echo flr >$dev/reset_method &&
		echo 1 >$dev/reset && modprobe i915 && gpu-test nop store' || {
		lab-guest run "$1" 'dmesg | tail -n 30'
		return 1
	}
}

# A person takes its work off the GPU: its driver resets what was at work, once, and goes on.
case_stopped() {
	local hangs resets
	hangs=$(counter "$1" execution hangs) resets=$(counter "$1" execution resets)
	lab-guest run "$1" '(gpu-test -n 60 occupy >/tmp/occupy 2>&1 </dev/null &)' &&
		until_true 60 stops_rcs0 "$1" || { xengt show "$1"; return 1; }
	lab-guest run "$1" 'killall gpu-test; gpu-test nop store copy' || {
		lab-guest run "$1" 'dmesg | tail -n 30'
		return 1
	}
	hangs=$(($(counter "$1" execution hangs) - hangs)) resets=$(($(counter "$1" execution resets) - resets))
	echo "$hangs hangs, $resets resets"
	((hangs == 1 && resets >= 1)) && [[ -z $(xengt reset "$1") ]]
}

stops_rcs0() {
	[[ $(xengt reset "$1") == rcs0 ]]
}

# Devices suspended and resumed as for suspend to idle, which needs nobody to wake it: the kernel waits
# in a busy loop in between.
case_suspend() {
	lab-guest run "$1" 'echo 1 >/sys/module/suspend/parameters/pm_test_delay
		echo devices >/sys/power/pm_test && echo freeze >/sys/power/state &&
		gpu-test nop store' || {
		lab-guest run "$1" 'dmesg | tail -n 30'
		return 1
	}
}

# case_noise_refused GUEST none|some: batches of noise were refused before they ran; or (none) nothing was.
case_noise_refused() {
	local nr
	nr=$(counter "$1" refused command)
	echo "$nr submissions refused for a command"
	[[ $2 == none ]] && { ((nr == 0)); return; }
	((nr > 0))
}

# A program that maps more than the guest's quota: its driver blames it, and the next one works.
case_over_quota() {
	local hangs
	lab-guest run "$1" 'gpu-test nop store' || return
	hangs=$(counter "$1" execution hangs)
	lab-guest run "$1" 'gpu-test -l 60 -n 96 big; dmesg | grep "context reset due to GPU hang"' || return
	hangs=$(($(counter "$1" execution hangs) - hangs))
	echo "$hangs hangs"
	lab-guest run "$1" 'gpu-test nop store' && ((hangs > 0 && hangs < 10))
}

case_reboots() {
	local n
	for ((n = 1; n <= $2; n++)); do
		case_reboot "$1" 256 && case_engines "$1" && case_gpu "$1" nop || { echo "reboot $n"; return 1; }
	done
}

# hostile GUEST: its programs are, until well_behaved.
hostile() {
	lab-guest run "$1" 'touch /tmp/hostile; (while [ -e /tmp/hostile ]; do
		gpu-test -l 120 loop garbage badaddr; done >/tmp/hostile.log 2>&1 </dev/null &)'
}

well_behaved() {
	lab-guest run "$1" 'rm /tmp/hostile; killall -9 gpu-test; tail -n 5 /tmp/hostile.log; n=0
		while pidof gpu-test && [ $n -lt 200 ]; do sleep 0.1; n=$((n + 1)); done'
}

# case_beside GUEST HOSTILE: one guest's data is whole while another one is hostile all the while.
case_beside() {
	local ok=0
	hostile "$2" && lab-guest run "$1" 'gpu-test -t 60 store copy color contexts fences' || ok=1
	well_behaved "$2"
	return $ok
}

# The same beside a driver of noise: rings, context images and page tables that change in use.
case_beside_noise() {
	local ok=0
	lab-guest run "$2" "$unload"'
		unload && (vgpu-test noise 600 >/tmp/noise 2>&1 </dev/null &)' &&
		lab-guest run "$1" 'gpu-test -t 60 store copy color contexts fences' || ok=1
	xengt show "$2" | tail -n 20
	lab-guest run "$2" 'killall -TERM vgpu-test; n=0
		until grep -s -q -E "^(not )?ok" /tmp/noise || [ $n -ge 100 ]; do sleep 0.1; n=$((n + 1)); done
		cat /tmp/noise; grep -q ^ok /tmp/noise' || ok=1
	return $ok
}

# case_crowd NR: all of crowd1 to crowdNR but the last check their data, beside it.
case_crowd() {
	local i ok=0 jobs=()
	case_hurry "crowd$1" && hostile "crowd$1" || return
	for ((i = 1; i < $1; i++)); do
		lab-guest run "crowd$i" 'gpu-test store copy color contexts fences' >"/tmp/crowd$i" 2>&1 &
		jobs[i]=$!
	done
	for i in "${!jobs[@]}"; do
		wait "${jobs[i]}" || { ok=1; echo "crowd$i:"; cat "/tmp/crowd$i"; }
	done
	for ((i = 1; i <= $1; i++)); do
		echo "crowd$i: $(xengt --json show "crowd$i" | sed -n '/"execution"/,/^  }/p' | grep -E 'submissions|run_us|rcs|bcs' | tr -d ' \n')"
	done
	return $ok
}

# The time that a guest had the render engine, in us.
rcs_us() {
	counter "$1" run_us rcs0
}

# has_run GUEST US: it has it now.
has_run() {
	(($(rcs_us "$1") > $2))
}

# case_shares NR [SECONDS]: crowd1 to crowdNR but the last, hostile one want the render engine all the
# time, and get as much of it as each other; SECONDS: from the moment on at which the daemon, which stood
# still for so long, goes on.
case_shares() {
	local i ok=0 had=() jobs=()
	for ((i = 1; i < $1; i++)); do
		had[i]=$(rcs_us "crowd$i")
		lab-guest run "crowd$i" "gpu-test -n $((5 + ${2:-0})) occupy" >"/tmp/crowd$i" 2>&1 &
		jobs[i]=$!
	done
	for ((i = 1; i < $1; i++)); do
		until_true 5 has_run "crowd$i" $((had[i] + 10000)) || ok=1
	done
	[[ -z ${2:-} ]] || stand_still "$2"
	for ((i = 1; i < $1; i++)); do
		had[i]=$(rcs_us "crowd$i")
	done
	# Time is what is measured here.
	sleep 1
	for ((i = 1; i < $1; i++)); do
		echo "$(($(rcs_us "crowd$i") - had[i])) us of crowd$i's"
	done | tee /tmp/shares
	for i in "${!jobs[@]}"; do
		wait "${jobs[i]}" || { ok=1; cat "/tmp/crowd$i"; }
	done
	awk '{ sum += $1; squares += $1 * $1 }
		END { jain = sum * sum / (NR * squares); print "Jain'"'"'s index: " jain; exit jain < 0.95 }' /tmp/shares ||
		ok=1
	return $ok
}

# stand_still SECONDS: xengtd does, as under a debugger or in a freezer.
stand_still() {
	local of
	of=$(pid)
	kill -STOP "$of"
	sleep "$1"
	kill -CONT "$of"
}

# case_stands SECONDS GUEST...: it does so under guests at work, to none of whom it is a fault.
case_stands() {
	local guest ok=0
	declare -A had jobs
	for guest in "${@:2}"; do
		had[$guest]=$(rcs_us "$guest")
		lab-guest run "$guest" "gpu-test -t $(($1 + 8)) store copy contexts" >"/tmp/$guest" 2>&1 &
		jobs[$guest]=$!
	done
	for guest in "${@:2}"; do
		until_true 30 has_run "$guest" "${had[$guest]}" || ok=1
	done
	stand_still "$1"
	for guest in "${@:2}"; do
		wait "${jobs[$guest]}" || { ok=1; cat "/tmp/$guest"; }
		case_no_hang "$guest" || ok=1
	done
	return $ok
}

# Nothing of its work was ever taken for what cannot go on, by us or by its driver.
case_no_hang() {
	(($(counter "$1" execution hangs) == 0)) &&
		! lab-guest run "$1" 'dmesg | grep -i -E "GPU HANG|resetting"' && return
	xengt show "$1"
	journalctl -u xengtd | grep 'stands still'
	return 1
}

# Work that takes long, and would go on for as long as its program likes.
case_long() {
	lab-guest run "$1" "gpu-test -n $2 occupy" && case_no_hang "$1"
}

# What xengtd holds: threads and descriptors.
holds() {
	local of
	of=/proc/$(pid)
	echo "$(find "$of/task" -mindepth 1 -maxdepth 1 | wc -l) threads, $(find "$of/fd" -mindepth 1 | wc -l) descriptors"
}

holds_as_before() {
	[[ $(holds) == "$1" ]]
}

case_holds() {
	until_true 30 holds_as_before "$1" || { echo "now $(holds), before $1"; return 1; }
}
