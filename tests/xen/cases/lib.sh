# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the cases share. A case is a function; it prints what it saw and returns its verdict.

passed=0
failed=0
failures=()
xen_log=/tmp/xen.log

# What Xen has logged since the last time: its own buffer is small, and debug keys fill it.
keep_xen_log() {
	xl dmesg -c >>$xen_log
}

# try NAME COMMAND...: one test, with what it printed when it fails.
try() {
	local name=$1 output start=$SECONDS
	shift
	if output=$("$@" 2>&1); then
		passed=$((passed + 1))
		echo "ok - $name ($((SECONDS - start)) s)"
	else
		failed=$((failed + 1))
		failures+=("$name")
		echo "not ok - $name ($((SECONDS - start)) s)"
		printf '%s\n' "$output" | tail -n 40 | sed 's/^/    /'
	fi
	keep_xen_log
}

summary() {
	((${#failures[@]})) && printf 'failed: %s\n' "${failures[@]}"
	echo "$passed passed, $failed failed"
	((failed == 0))
}

# until_true SECONDS COMMAND...: wait for something that gives no event to wait for.
until_true() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < deadline)) || return 1
		sleep 0.1
	done
}

# counter GUEST GROUP FIELD: one of the vGPU's counters.
counter() {
	xengt --json show "$1" | tr -d ' ",' | awk -F: -v group="$2" -v field="$3" '
		$2 == "{" { in_group = $1 == group; next }
		in_group && $1 == field { print $2 }'
}

# Xen is quiet about guests that come, work and go: an error is of something that it was asked to do.
case_xen_log() {
	cat $xen_log
	! grep -i -E 'error|fail|invalid|\<(bad|bug|warn)|not permitted|cannot|could not|unable' $xen_log
}

free_memory() {
	xl info | awk '/^free_memory/ { print $3 }'
}

# Drivers of emulated adapters have complaints of their own (cirrus: of its damage clips). The guests have
# no firmware file of the display's microcontroller, which a driver with a monitor asks for.
complaints() {
	lab-guest run "$1" 'dmesg -r' | tr -d '\r' | grep -E '^<[0-4]>' | grep -i -E 'i915|drm|gvt|vgpu' |
		grep -v -E '(cirrus|bochs-drm) 0000:|i915/skl_dmc'
}

# start NAME CONFIG [XL-ARGUMENT...]: with the config as it stands, but for the kernel's command line.
start() {
	lab-guest create "$1" "$2" -- "$extra" "${@:3}" && lab-guest wait-up "$1" 600
}

# In a guest: its driver goes. What a program had of it may be let go of a moment after its end.
unload='unload() {
	n=0
	until modprobe -r i915; do n=$((n + 1)); [ $n -lt 50 ] && sleep 0.1 || return; done
	! test -e /dev/dri/card0
}'
