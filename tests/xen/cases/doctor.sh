# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What `xengt doctor` says of configurations, against what xl does with them; and the slots of QEMU's
# devices, against what QEMU says.

# Configurations: the example's, with the words -NAME left out and the lines behind added. Before it
# stands what is right: good (it starts), bad (xl refuses it), cure (some of it is wrong, and it starts
# once all that doctor advises is followed), either (good or cure, by the version of QEMU).
doctor_table() {
	cat <<'END'
good|
good|-type -device_model_version builder = "hvm"; vcpus = "2"; maxvcpus = 4; hap = 0; hap = 1
good|-memory type = "h"; maxmem = 256; vga = "none"; nographic = 1; viridian = 1; xen_platform_pci = 0
good|maxmem = 256; vga = "stdvga"; videoram = 16; usb = 1; usbdevice = "tablet"; hdtype = "ahci"
either|soundhw = "ac97"
good|max_maptrack_frames = 512; max_grant_frames = 32; max_grant_version = 2; device_model_user = "nobody"
good|usbversion = 2; device_model_args += [ "-device", "e1000,addr=0x10" ]
good|bios = "ovmf"; serial = [ "pty", "pty" ]; device_model_args_hvm = [ "-xengt", "slot=4", "-device", "e1000,addr=5" ]
bad|-name
bad|vga = "voodoo"
bad|vcpus = 129
bad|maxvcpus = 200
bad|vcpus = 2; maxvcpus = 1
bad|type = "hvm"; builder = "generic"
bad|max_grant_frames = 0
bad|max_grant_version = 0
bad|max_grant_version = 3
bad|max_grant_version = 99
bad|passthrough = "enabled"
bad|pci = [ "00:1f.0" ]
bad|vpmu = 1
bad|device_model_stubdomain_override = 1
bad|device_model_version = "qemu-xen-traditional"
bad|device_model_override = "/nowhere/xengt-dm"
bad|device_model_user = "nobody-at-all"
bad|dm_restrict = 1
bad|kernel = "/nowhere"
bad|-kernel
bad|device_model_args = "-xengt"
bad|device_model_args = [ "-xengt", "aperture_mb=100" ]
bad|device_model_args = [ "-xengt", "type=none" ]
bad|device_model_args = [ "-xengt", "slot=3" ]
bad|device_model_args = [ "-xengt", "slot=16", "-device", "e1000,addr=0x10" ]
bad|device_model_args = [ "-device", "e1000", "-xengt", "slot=5", "-device", "usb-ehci" ]
bad|usbversion = 2; device_model_args_hvm = [ "-xengt", "slot=29" ]
bad|fooB = 1
bad|foo = [ "a" "b" ]
bad|foo = [ , ]
bad|memory = 16M
bad|foo = 1_024
bad|foo = 10.5
bad|foo = "a
cure|maxvcpus = 200; max_grant_frames = 0; max_grant_version = 3; vpmu = 1; passthrough = "enabled"; hap = 0; maxmem = 512
cure|device_model_stubdomain_override = 1; device_model_version = "qemu-xen-traditional"; device_model_override = "/nowhere"; device_model_user = "root"; pci = [ "00:1f.0" ]
cure|dm_restrict = 1; shadow_memory = 1; type = "pv"; builder = "generic"
cure|device_model_args = [ "-xengt", "slot=16", "-device", "e1000,addr=0x10" ]
cure|usbversion = 2; device_model_args_hvm = [ "-xengt", "slot=29" ]; max_maptrack_frames = 9999; max_grant_frames = 256
cure|device_model_args = [ "-nodefaults" ]
END
}

# xl_takes FILE: a paused guest of it comes to be. It is gone afterwards. xl's status alone does not
# tell: of max_grant_version = 99 libxl complains, makes no guest, and xl exits with 0.
xl_takes() {
	local status
	xl create -p "$1" >/tmp/doctor.xl 2>&1 && xl domid doctored >>/tmp/doctor.xl 2>&1
	status=$?
	xl destroy doctored 2>/dev/null
	until_true 30 eval '! xl domid doctored' || return
	return $status
}

# The lines of advice that are for the configuration, as they stand.
doctor_advice() {
	awk '/^[^ ]/ { wrong = /^NOT SO/ } wrong && /^ +[a-z_]+ [+]?= / { sub(/^ +/, ""); print }' "$1"
}

# doctor_row BASE ROW: doctor's verdict, xl's, and what becomes of the advice.
doctor_row() {
	local right=${2%%|*} words=${2#*|} base=() cfg=/tmp/doctor.cfg said=/tmp/doctor.said doctor
	while [[ $words == -* ]]; do
		base+=(-e "/^${words:1:$(($(expr index "$words " ' ') - 2))} *=/d")
		[[ $words == *' '* ]] && words=${words#* } || words=
	done
	{
		sed "${base[@]}" -e '/^name/!b' -e 's/=.*/= "doctored"/' "$1"
		printf '%s\n' "$words"
	} >$cfg
	xengt doctor $cfg >$said 2>&1
	doctor=$?
	[[ $right == either ]] && right=$( ((doctor)) && echo cure || echo good)
	: >/tmp/doctor.xl
	case $right in
	good) xl_takes $cfg && ((doctor == 0)) ;;
	bad) ! xl_takes $cfg && ((doctor != 0)) ;;
	cure) ((doctor != 0)) && doctor_cure $cfg $said ;;
	esac && return
	echo "== $2: doctor $doctor"
	cat $said /tmp/doctor.xl
	return 1
}

# doctor_cure FILE SAID: what is wrong is well when the advice is followed as it stands. What xl itself
# refuses may be among it.
doctor_cure() {
	(($(doctor_advice "$2" | wc -l) == $(grep '^NOT SO' "$2" | grep -c -v 'xl accepts it$'))) || return
	doctor_advice "$2" >>"$1"
	xengt doctor "$1" >>"$2" 2>&1 && xl_takes "$1"
}

case_doctor() {
	local row wrong=0
	while IFS= read -r row; do
		doctor_row "$1" "$row" || wrong=$((wrong + 1))
	done < <(doctor_table)
	echo "$wrong rows differ"
	((wrong == 0))
}

# What makes QEMU give slots away, in as many ways as xl and QEMU have.
slots_table() {
	cat <<'END'
vga = "none"; hdtype = "ahci"; soundhw = "ac97"; usb = 1; usbdevice = "tablet"; usbctrl = [ "version=3,ports=4" ]
vga = "stdvga"; usbversion = 2; soundhw = "hda"; xen_platform_pci = 0
usbversion = 3; disk = [ "/tmp/doctor-1.img,raw,sda,w", "/tmp/doctor-2.img,raw,hda,w" ]; device_model_args += [ "-device", "e1000,addr=0x14", "-device", "e1000", "-device", "e1000,bus=pci.0,addr=0x1f.2" ]
vif = [ "bridge=labbr0", "bridge=labbr0,model=e1000", "bridge=labbr0,type=vif" ]
device_model_args += [ "-device", "pci-bridge,id=b,chassis_nr=1", "-device", "e1000,bus=b,addr=7", "-device", "usb-ehci,id=u", "-device", "usb-tablet,bus=u.0", "-device", "{\"driver\":\"e1000\",\"id\":\"j\"}", "-device", "{\"driver\":\"e1000\",\"addr\":72}", "-device", "{\"driver\":\"e1000\",\"addr\":\"0xa\"}" ]
vga = "none"; videoram = 16; device_model_args_hvm = [ "-vga", "std", "-device", "virtio-serial", "-device", "virtserialport,nr=1", "-net", "nic,model=e1000", "-nic", "hubport,hubid=0,model=rtl8139", "-drive", "if=virtio,file=/tmp/doctor-1.img,format=raw", "-device", "e1000" ]
END
}

# slots_row BASE ROW: QEMU's slots are those that its arguments say, and doctor knows of each.
slots_row() {
	local domid slot status=0
	{
		sed 's/^name.*/name = "doctored"/' "$1"
		printf '%s\n' "$2"
	} >/tmp/slots.cfg
	# Newer versions of QEMU want a word more for a sound card.
	xengt doctor /tmp/slots.cfg >/tmp/slots.said 2>&1 || doctor_advice /tmp/slots.said >>/tmp/slots.cfg
	if ! xl create -p /tmp/slots.cfg >/tmp/slots.said 2>&1; then
		cat /tmp/slots.said
		tail -n 5 /var/log/xen/qemu-dm-doctored.log
		return 1
	fi
	domid=$(xl domid doctored)
	/usr/libexec/xengt-lab/slots domain "$domid" \
		"$(xenstore-read "/local/domain/$domid/image/device-model-pid")" >/tmp/slots.said || status=1
	# By hand, no slot of theirs can be had either.
	xengt detach doctored || status=1
	for slot in $(awk '$1 > 0 { print $1 }' /tmp/slots.said); do
		xengt attach doctored "slot=$slot" 2>/dev/null && echo "slot $slot was given away twice" && status=1
		printf 'device_model_args_hvm += [ "-xengt", "slot=%s" ]\n' "$slot" | cat /tmp/slots.cfg - >/tmp/slots.one
		xengt doctor /tmp/slots.one | grep -q "slot $slot is the device model's" ||
			{ echo "doctor does not know of slot $slot"; status=1; }
	done
	xengt attach doctored || status=1
	((status)) && cat /tmp/slots.said
	xl destroy doctored
	until_true 30 eval '! xl domid doctored' || return
	return $status
}

case_slots() {
	local row wrong=0
	# Two, of which QEMU locks each.
	truncate -s 1M /tmp/doctor-1.img /tmp/doctor-2.img
	ip link show labbr0 >/dev/null 2>&1 || ip link add labbr0 type bridge && ip link set labbr0 up || return
	while IFS= read -r row; do
		slots_row "$1" "$row" && continue
		echo "== $row"
		wrong=$((wrong + 1))
	done < <(slots_table)
	echo "$wrong rows differ"
	((wrong == 0))
}

# QEMU's device types, each as the bus says that it is on.
case_slot_types() {
	/usr/libexec/xen-qemu-system-i386 -M none -device help | /usr/libexec/xengt-lab/slots types
}
