# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What one guest sees of its vGPU, and what dom0 sees of the guest.

case_info() {
	lab-guest run "$1" "vgpu-test info $2"
}

case_driver() {
	local said
	said=$(lab-guest run "$1" dmesg)
	for line in 'Virtual GPU for Intel GVT-g detected' 'VGT ballooning configuration' \
		'VGT balloon successfully' 'Initialized i915'; do
		grep -F "$line" <<<"$said" || { echo "missing: $line"; return 1; }
	done
	lab-guest run "$1" 'test -e /sys/bus/pci/drivers/i915/*/vendor && ls /dev/dri'
}

case_no_complaints() {
	local said
	said=$(complaints "$1")
	echo "$said"
	[[ -z $said ]]
}

case_known_registers() {
	local unknown
	unknown=$(xengt regs --unknown "$1" | tail -n +2)
	echo "$unknown"
	[[ -z $unknown ]]
}

# What the driver has put into its tables, against what the GPU would be given.
case_verify() {
	xengt gtt "$1" && xengt gtt "$1" 0 && xengt verify "$1" || return
	(($(counter "$1" memory pinned_pages) > 0))
}

# The same while the driver maps and unmaps: at each look the tables are others.
case_verify_busy() {
	local rounds=0 said
	lab-guest run "$1" '(gpu-test -t 3 softpin reloc userptr contexts copy >/tmp/load 2>&1 </dev/null &)' || return
	until said=$(lab-guest run "$1" 'grep rounds /tmp/load'); do
		xengt verify "$1" >/tmp/verified || { cat /tmp/verified; return 1; }
		((++rounds < 1000)) || break
	done
	echo "verified $rounds times: $said"
	((rounds > 5)) && [[ $said == ok* ]]
}

case_reads_direct() {
	local before after
	before=$(counter "$1" traps mmio_read)
	lab-guest run "$1" 'vgpu-test direct 1000' || return
	after=$(counter "$1" traps mmio_read)
	echo "trapped reads before $before, after $after"
	# But for what the driver may have read meanwhile.
	((after < before + 100))
}

case_access() {
	lab-guest run "$1" 'vgpu-test access'
}

case_rep() {
	local before after
	before=$(counter "$1" requests indirect)
	lab-guest run "$1" 'vgpu-test rep' || return
	after=$(counter "$1" requests indirect)
	echo "requests with data in guest memory: $((after - before))"
	((after > before))
}

interrupts() {
	lab-guest run "$1" "awk '/i915/ { n = 0; for (i = 2; \$i ~ /^[0-9]+\$/; i++) n += \$i; print n }' /proc/interrupts" |
		tr -d '\r'
}

case_msi() {
	local before after
	before=$(interrupts "$1")
	for _ in 1 2 3; do
		xengt msi "$1" || return
		lab-guest run "$1" true
	done
	after=$(interrupts "$1")
	echo "interrupts before $before, after $after"
	# The driver may have had one of its own meanwhile.
	((after >= before + 3))
}

# The values that vgpu-test track writes, in the form in which xengt watch prints them.
expected_writes() {
	awk -v n="$1" 'BEGIN {
		v = 305419896
		for (i = 0; i < n; i++) {
			v = (v * 1664525 + 1013904223) % 4294967296
			printf "0x%x\n", v
		}
	}'
}

# A page tracked, written and untracked: the handler sees what the guest wrote, in order.
case_track() {
	local gfn watcher seen=/tmp/watch.$1 before
	lab-guest run "$1" 'rm -f /tmp/go /tmp/track; mkfifo /tmp/go
		(vgpu-test track 200 </tmp/go >/tmp/track 2>&1; echo "status $?" >>/tmp/track) >/dev/null 2>&1 &
		exec 5>/tmp/go; until grep -q gfn /tmp/track; do sleep 0.1; done
		sleep 1000 >&5 5>/dev/null </dev/null 2>/dev/null & true' || return
	gfn=$(lab-guest run "$1" 'sed -n "s/^gfn //p" /tmp/track' | tr -d '\r')
	echo "guest frame $gfn"
	# The driver's page tables may be tracked too.
	before=$(counter "$1" memory tracked_pages)
	xengt watch "$1" "$gfn" >"$seen" 2>&1 &
	watcher=$!
	until_true 20 tracked "$1" $((before + 1)) 1000 || { echo 'not tracked'; return 1; }
	lab-guest run "$1" 'echo >/tmp/go; until grep -q status /tmp/track; do sleep 0.1; done; cat /tmp/track
		grep -q "status 0" /tmp/track' || return
	until_true 20 lines_in "$seen" 200
	kill $watcher
	# A page keeps its type until the vCPU that wrote to it asks for something else.
	lab-guest run "$1" 'vgpu-test info 256' >/dev/null
	until_true 20 tracked "$1" 0 "$before" || { echo 'still tracked'; return 1; }
	diff <(sed -n 's/.* = \(0x[0-9a-f]*\)$/\1/p' "$seen") <(expected_writes 200) >/tmp/diff ||
		{ head -n 20 /tmp/diff; head -n 3 "$seen"; return 1; }
}

# tracked GUEST MIN MAX: so many of its pages are.
tracked() {
	local now
	now=$(counter "$1" memory tracked_pages)
	((now >= $2 && now <= $3))
}

lines_in() {
	(($(wc -l <"$1") >= $2))
}

# What the guest asks is followed as it asks it, with the registers' names.
case_trace() {
	local seen=/tmp/trace.$1 tracer
	xengt trace "$1" >"$seen" 2>&1 &
	tracer=$!
	until_true 60 asks_and_is_seen "$1" "$seen"
	kill $tracer
	head -n 5 "$seen"
	grep 'write.*GPR' "$seen" >/dev/null
}

asks_and_is_seen() {
	lab-guest run "$1" 'vgpu-test access >/dev/null' && lines_in "$2" 100
}
