# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A whole Debian on a disk, with a vGPU beside the display that firmware and boot loader have.

installed=/usr/share/xengt/xl-configs/debian.cfg

# offer FOLDER: guests can fetch the programs in it over their network.
offer() {
	mkdir -p /srv/offer && tar -cf /srv/offer/programs.tar -C "$1" . && busybox httpd -p 10.0.0.1:80 -h /srv/offer
}

# case_boots NAME XL-ARGUMENT...: from power-on until it takes commands. What its firmware, boot loader
# and kernel ask the vGPU is kept in /tmp/boot.NAME, up to the first register.
case_boots() {
	lab-guest create "$1" $installed -- -p "${@:2}" || return
	(xengt trace "$1" | sed -u '/ memory /q' >"/tmp/boot.$1") &
	xl unpause "$1"
	lab-guest wait-up "$1" 300 || { tail -n 20 "/var/log/xengt-lab/$1.serial"; return 1; }
}

# whole_debian XL-ARGUMENT...: what each boot of it is asked.
whole_debian() {
	offer /root/programs
	try "a Debian boots from its disk${*:+, with $*}" case_boots debian "$@"
	try 'all of it is up, and its user has the vGPU' case_whole debian
	try 'before its driver, nobody asks for a register' case_left_alone debian
	try 'the driver complains of nothing' case_no_complaints debian
}

# All its units are up, its root file system is on the paravirtual disk, and its user reaches the vGPU, whose driver udev has
# loaded.
case_whole() {
	case_driver "$1" >/dev/null || return
	lab-guest run "$1" 'systemctl is-system-running --wait || { systemctl --failed; journalctl -b -p 4; exit 1; }
		findmnt -n -o SOURCE / | grep ^/dev/xvda &&
			/lab/bin/wget -q -O- http://10.0.0.1/programs.tar | tar -x -C /usr/local/bin &&
			su user -c "gpu-test nop store copy"'
}

# The firmware placed the BARs; nobody before the driver asked for more than configuration space.
case_left_alone() {
	local kinds
	kinds=$(awk '{ print $3 }' "/tmp/boot.$1" | sort | uniq -c)
	echo "$kinds"
	grep -q config <<<"$kinds"
}

# Mesa finds a driver for it, and what that submits by itself ends.
case_mesa() {
	lab-guest run "$1" 'su user -c "timeout 100 eglinfo -B" | tee /dev/stderr | grep -i "renderer.*intel"' || return
	case_engines "$1" >/dev/null && case_gpu "$1" nop
}

# A newer kernel by apt, as an upgrade brings it: its initial RAM file system and GRUB's menu are made
# by the packages' own scripts.
case_kernel_upgraded() {
	local before after
	before=$(lab-guest run "$1" 'uname -r')
	lab-guest run "$1" 'apt-get -q update && DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends --with-new-pkgs upgrade' || return
	case_rebooted "$1" || return
	after=$(lab-guest run "$1" 'uname -r')
	echo "before $before, after $after"
	[[ $after != "$before" ]]
}

# As its user would have it reboot; the same disk boots again.
case_rebooted() {
	local before
	before=$(xl domid "$1")
	xl reboot "$1" || return
	until_true 120 other_domid "$1" "$before" || { echo 'no new domain'; return 1; }
	lab-guest wait-up "$1" 300
}

case_shut_down() {
	xl shutdown -w "$1" && until_true 60 gone "$1"
}

case_by_uefi() {
	lab-guest run "$1" 'dmesg | grep -i "efi: EFI v" && test -d /sys/firmware/efi'
}
