# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Guest pages by their machine frames: pinned, shown in the aperture, given up, and counted by Xen.
# A program in dom0 gives a plain guest a vGPU of its own and does as it is told.
aperture=0xe0000000
states=/run/xengt-pages
# Xen keeps the memory that it once took for handles of dom0's: 16 bytes for each of 10,000.
handles_mib=1

# with_pages GUEST [take-up]: the program runs, and says it is ready.
with_pages() {
	mkdir -p $states
	coproc PAGES { exec /usr/libexec/xengt-lab/pages "$(xl domid "$1")" $states "${@:2}" 2>&1; }
	pages_pid=$PAGES_PID
	# A coprocess's own descriptors are not for subshells.
	exec {pages_in}>&"${PAGES[1]}" {pages_out}<&"${PAGES[0]}"
	said
	[[ $answer == ready ]]
}

# The next line of the program's; what it logs besides is shown.
said() {
	while IFS= read -r -t 120 -u "$pages_out" answer; do
		echo "pages: $answer"
		[[ $answer == '<'[0-9]'>'* ]] || return 0
	done
	return 1
}

# pages COMMAND...: and its answer, in $answer.
pages() {
	echo "$*" >&"$pages_in" && said
}

expect() {
	pages "${@:2}" && [[ $answer == $1 ]] || { echo "expected: $1"; return 1; }
}

no_pages() {
	echo quit >&"$pages_in"
	said && [[ $answer == detached ]]
	wait "$pages_pid"
}

# How many grants of a guest's Xen holds mapped, at the far end of its table.
xen_grants() {
	local line ours=0 nr=0
	keep_xen_log
	xl debug-keys g
	while IFS= read -r line; do
		if [[ $line =~ grant-table\ for\ remote\ d([0-9]+) ]]; then
			ours=$((BASH_REMATCH[1] == $1))
		elif ((ours)) && [[ $line =~ \[(0x[0-9a-f]+)\] ]]; then
			nr=$((nr + (BASH_REMATCH[1] >= 8192)))
		fi
	done < <(xl dmesg -c)
	echo $nr
}

case_pin() {
	local domid
	domid=$(xl domid "$1")
	with_pages "$1" || return
	expect 'map ok mapped 20 *' map 0x8000 20 || return
	echo "Xen counts $(xen_grants "$domid")"
	(($(xen_grants "$domid") == 20)) || return
	expect 'unmap ok 20 *' unmap && expect 'trim ok 20 *' trim || return
	(($(xen_grants "$domid") == 0)) || return
	expect 'map ok mapped 10000 *' map 0x4000 10000 && expect 'unmap ok *' unmap &&
		expect 'map ok mapped 10000 *' map 0x4000 10000 &&
		expect 'revalidate ok gone 0 *' revalidate &&
		expect 'stats used 10000 *' stats || return
	expect 'map ok mapped 0 of 4 *' map 0xd0000 4 || return
	pages map-large 0x8000 0x10000
	pages map-large 0x8000 0x200000
	expect 'unmap ok *' unmap && expect 'trim ok *' trim && no_pages &&
		(($(xen_grants "$domid") == 0))
}

# From both sides of the guest's page: its memory, and where its aperture shows it.
case_aperture() {
	with_pages "$1" && expect 'bar ok *' bar $aperture &&
		expect 'map ok mapped 64 *' map 0x8000 64 && expect 'show ok *' show 5 0 64 || return
	expect 'poke ok' poke 0x8003010 0xabcd1234 || return
	lab-guest run "$1" "devmem $((aperture + 0x8010)) 32; devmem $((aperture + 0x8014)) 32 0x600df00d" |
		tee /dev/stderr | grep -q -i 0xabcd1234 || return
	expect 'peek ok 0x600df00d' peek 0x8003014 || return
	expect 'hide ok *' hide 5 64 && expect '* aliases 0 *' stats || return
	# Nothing is there now but a device that does not answer to it.
	lab-guest run "$1" "devmem $((aperture + 0x8010)) 32" | tee /dev/stderr | grep -q -i 0xabcd1234 &&
		return 1
	expect 'show ok *' show 0 0 64 && expect 'unmap ok *' unmap && expect '* aliases 0 *' stats &&
		no_pages
}

# The guest gives up memory that is pinned and shown; Xen has it back with the last reference.
case_balloon() {
	local first pinned after gone
	with_pages "$1" && expect 'bar ok *' bar $aperture || return
	# Everywhere: what it gives up is its choice, and mostly lies together.
	for ((first = 0x3000; first < 0x40000; first += 0x4000)); do
		expect 'map ok *' map $first 250 || return
	done
	expect 'show ok *' show 0 0 4000 || return
	xl mem-set "$1" 800m
	until_true 120 ballooned "$1" 800 || return
	pinned=$(free_memory)
	pages stats
	gone=$(sed 's/.* gone \([0-9]*\).*/\1/' <<<"$answer")
	[[ $answer == *aliases\ $((4000 - gone))\ * ]] && ((gone)) || return
	expect 'unmap ok *' unmap && expect 'stats used 0 *' stats || return
	after=$(free_memory)
	echo "free: $pinned MiB while $gone pages given up were pinned, then $after MiB"
	no_pages && ((after >= pinned + gone / 256)) || return
	# What comes next finds its pages again.
	xl mem-set "$1" 1024m && until_true 120 refilled "$1" 1000
}

# ballooned GUEST MIB: it has no more than that, and some for its devices.
ballooned() {
	(($(xl list "$1" | awk 'NR == 2 { print $3 }') <= $2 + 16))
}

refilled() {
	(($(xl list "$1" | awk 'NR == 2 { print $3 }') >= $2))
}

# Its balloon has done all that it was told to.
has_its_target() {
	lab-guest run "$1" 'cd /sys/devices/system/xen_memory/xen_memory0 &&
		test "$(cat info/current_kb)" -ge "$(cat target_kb)"'
}

# Entries that led nowhere are tried again, so many at each of its flushes.
enters_all() {
	lab-guest run "$1" 'vgpu-test enter 0x1000 0x3e000' && xengt verify "$1"
}

# All memory is in the guest's GGTT when some is given up: its GPU has that no more, and Xen has it.
case_given_up() {
	local had now free
	lab-guest run "$1" "$unload"'
		unload && vgpu-test enter 0x1000 0x3e000' && xengt verify "$1" ||
		return
	had=$(counter "$1" memory mapped_pages) free=$(free_memory)
	xl mem-set "$1" 800m && until_true 300 ballooned "$1" 800 || return
	until_true 30 memory_back $((free + 190)) || { xl list; return 1; }
	xengt verify "$1" || return
	now=$(counter "$1" memory mapped_pages)
	echo "$had pages of the GGTT, then $now; $free MiB were free, now $(free_memory)"
	((had > 200000 && now < had - 190 * 256)) || return
	xl mem-set "$1" 1024m && until_true 120 refilled "$1" 1000 &&
		until_true 30 has_its_target "$1" && until_true 20 enters_all "$1" || return
	now=$(counter "$1" memory mapped_pages)
	echo "and $now with as much memory as before"
	((now > had - 1024)) || return
	# The driver fills the table, of which much has been quiet by now.
	had=$(counter "$1" traps ggtt_write)
	lab-guest run "$1" 'modprobe i915 && gpu-test nop store' || return
	now=$(counter "$1" traps ggtt_write)
	echo "$((now - had)) of its writes trapped"
	((now - had < 16 * 512))
}

# The program is killed with 10,000 pages pinned: the next one lets go of them all.
case_pins_killed() {
	local domid
	domid=$(xl domid "$1")
	with_pages "$1" && expect 'bar ok *' bar $aperture &&
		expect 'map ok mapped 40 *' map 0x8000 40 && expect 'show ok *' show 0 0 40 || return
	kill -KILL "$pages_pid"
	wait "$pages_pid" 2>/dev/null
	echo "Xen counts $(xen_grants "$domid")"
	(($(xen_grants "$domid") == 40)) || return
	with_pages "$1" take-up && (($(xen_grants "$domid") == 0)) || return
	expect 'map ok mapped 10000 *' map 0x4000 10000 || return
	kill -KILL "$pages_pid"
	wait "$pages_pid" 2>/dev/null
	with_pages "$1" take-up && (($(xen_grants "$domid") == 0)) &&
		expect 'map ok mapped 10000 *' map 0x4000 10000 && no_pages &&
		(($(xen_grants "$domid") == 0))
}

# Memory of ours: each page's frame is the page's; of a process that was killed none is left.
case_host_pages() {
	with_pages "$1" && expect 'host ok zero 64 right 64 *' host 64 &&
		expect 'host ok zero 1200 right 1200 *' host 1200 || return
	kill -KILL "$pages_pid"
	wait "$pages_pid" 2>/dev/null
	cat /sys/module/xen_gntalloc/parameters/limit
	with_pages "$1" take-up && expect 'host ok zero 1000 right 1000 *' host 1000 && no_pages
}

# Maps 10,000 pages and lets them go, again and again.
churn() {
	until [[ -e $states/enough ]]; do
		pages map 0x4000 10000 && pages unmap && pages trim || return
	done
}

churned() {
	(($(grep -c 'mapped 10000 of 10000' $states/churn) >= $1))
}

# The guest is destroyed in the middle of it; what holds its pages lets go, and Xen has all.
case_pins_destroyed() {
	local before=$2 churning
	with_pages "$1" && expect 'bar ok *' bar $aperture || return
	rm -f $states/enough
	churn >$states/churn &
	churning=$!
	until_true 60 churned 5 || return
	xl destroy "$1" || return
	# Another round or two, of a guest that is no more.
	sleep 0.5
	touch $states/enough
	wait "$churning"
	tail -n 4 $states/churn
	tail -n 3 $states/churn | grep 'map ' | grep -q 'mapped 10000' && return 1
	expect 'stats used 0 *' stats && no_pages || return
	until_true 60 no_zombie || { xl list; return 1; }
	until_true 20 memory_back $((before - handles_mib)) || { echo "free: $(free_memory) MiB, was $before"; return 1; }
}

no_zombie() {
	! xl list | grep -q '(null)'
}

# And one that is killed after its guest was: the domain is there until somebody lets go.
case_zombie() {
	local domid before=$2
	domid=$(xl domid "$1")
	with_pages "$1" && expect 'map ok mapped 10000 *' map 0x4000 10000 || return
	kill -STOP "$pages_pid"
	xl destroy "$1"
	kill -KILL "$pages_pid"
	wait "$pages_pid" 2>/dev/null
	xl list | grep '(null)' || return
	coproc PAGES { exec /usr/libexec/xengt-lab/pages "$domid" $states take-up 2>&1; }
	wait "$PAGES_PID"
	until_true 60 no_zombie || { xl list; return 1; }
	until_true 20 memory_back $((before - handles_mib)) || { echo "free: $(free_memory) MiB, was $before"; return 1; }
	[[ ! -e $states/$domid.vgpu ]]
}
