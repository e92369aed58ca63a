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
	# Nothing else of it: whoever looks at this case's output waits until nobody can write any.
	(xengt trace "$1" | sed -u '/ memory /q') >"/tmp/boot.$1" 2>/dev/null </dev/null &
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

# What is read back of a function's BARs by who sizes them: registers of 16 MiB, an aperture of 128 MiB, nothing else, and no
# ROM.
sizes='0x10 0xff000004
0x14 0xffffffff
0x18 0xf800000c
0x1c 0xffffffff
0x20 0x0
0x24 0x0
0x30 0x0'

# What firmware, boot loader and kernel did to the function before its driver, as far as it trapped: they sized its BARs, and
# placed them where the guest has them now. No register was touched before the driver was there, which alone
# reads ASLS (0xfc), and nothing was turned on beside decoding and the pin. hvmloader writes ASLS where no
# emulated adapter comes first.
case_left_alone() {
	local seen=/tmp/boot.$1 placed
	awk '$3 == "config" { print $4, $7, $4 == "write" ? $9 : "" }' "$seen" | sort | uniq -c
	tail -n 1 "$seen"
	grep -q 'config read  4 bytes 0xfc ' "$seen" && [[ $(grep -c ' memory ' "$seen") == 1 ]] || return
	awk '$3 == "config" && $4 == "write" { print $7 }' "$seen" |
		grep -v -x -E '0x(4|10|14|18|1c|20|24|30|3c|78|fc)' && return 1
	diff <(awk 'of == $7 && $4 == "read" { print of, $9 }
		{ of = $3 == "config" && $4 == "write" && $9 ~ /^0xfffff[8f]/ ? $7 : "" }' "$seen" | sort -u) - <<<"$sizes" || return
	placed=$(awk '$4 == "write" && $9 !~ /^0xfffff/ { at[$7] = $9 } END { print at["0x10"], at["0x18"] }' "$seen")
	echo "BARs at $placed"
	lab-guest run "$1" "set -- $placed; dev=\$(readlink -f /sys/bus/pci/drivers/i915/0000:*)
		{ read -r first _; read -r _; read -r third _; } <\$dev/resource
		[ \$((first)) = \$((\$1 & ~15)) ] && [ \$((third)) = \$((\$2 & ~15)) ]"
}

# Mesa has its driver for Gen9, iris, for it, and what that submits by itself ends.
case_mesa() {
	lab-guest run "$1" 'su user -c "timeout 100 eglinfo.x86_64-linux-gnu" | tee /dev/stderr | grep "EGL driver name: *iris"' ||
		return
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
