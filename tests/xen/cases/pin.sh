# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A guest without messages (pci=nomsi), which is interrupted by its function's pin.

# case_by_pin GUEST CONTROLLER: its driver has been interrupted, by a level-triggered line of that
# interrupt controller; no message was sent. Linux on Xen has the I/O APIC's lines delivered by event
# channels (xen-pirq), where Xen offers it.
case_by_pin() {
	local line
	line=$(lab-guest run "$1" 'grep i915 /proc/interrupts')
	echo "$line; asserted $(counter "$1" traps intx) times, messages $(counter "$1" traps msi)"
	grep -q -E "$2" <<<"$line" && (($(interrupts "$1") > 0)) &&
		(($(counter "$1" traps intx) > 0 && $(counter "$1" traps msi) == 0))
}

# Work interrupts; and where there is none, nothing does: the line falls when it has been served.
case_pin_quiet() {
	local before during after
	before=$(interrupts "$1")
	lab-guest run "$1" 'gpu-test -n 200 sync' || return
	during=$(interrupts "$1")
	lab-guest run "$1" 'sleep 2'
	after=$(interrupts "$1")
	echo "interrupts $before, with 200 requests $during, 2 s later $after"
	lab-guest run "$1" 'dmesg | grep "nobody cared"' && return 1
	((during >= before + 100 && after < during + 20))
}

# The daemon dies while its guest's interrupts come and go; the next one drives the line on.
case_pin_kill() {
	local old
	lab-guest run "$1" '(gpu-test -t 15 -n 50 nop store >/tmp/work 2>&1 </dev/null; echo "status $?" >>/tmp/work) >/dev/null 2>&1 &' ||
		return
	for _ in 1 2 3 4 5; do
		old=$(pid)
		kill -KILL "$old"
		until_true 30 another_pid "$old" || { echo 'xengtd did not come back'; return 1; }
		goes_on "$1" || return
	done
	lab-guest run "$1" 'until grep -q status /tmp/work; do sleep 0.1; done; cat /tmp/work; grep -q "status 0" /tmp/work' &&
		case_pin_quiet "$1"
}

# links_lead DOMID: Xen knows which lines of the older interrupt controller a guest's PCI interrupt links
# lead to. QEMU tells it what the guest writes to PIIX3; that of Debian's trixie (10.0) does not, and then
# no device's pin reaches that controller.
links_lead() {
	xl dmesg -c >>$xen_log
	xl debug-keys I
	xl dmesg | awk -v domain="Domain $1:" 'index($0, domain) { its = 1 }
		its && / ROUTE / { print; exit !/ROUTE [0-9 ]*[1-9]/ }'
}
