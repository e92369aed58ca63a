# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# vGPUs by types, UUIDs and files, in dom0, with guests that wait and never run.

tree=/run/xengt/gvt
types=$tree/mdev_supported_types
uuid_a=a0000000-0000-4000-8000-00000000000a
uuid_b=b0000000-0000-4000-8000-00000000000b

# waiting NAME CONFIG [WORD]...: a paused guest; without a device model's vGPU unless told.
waiting() {
	local name=$1
	grep -v '^device_model_' "$2" >"/tmp/$name.cfg"
	shift 2
	xl create -p "/tmp/$name.cfg" "name=\"$name\"" 'memory=128' "$@"
}

# refuses ERRNO TEXT FILE: writing it fails so.
refuses() {
	local said
	said=$( (printf '%s\n' "$2" >"$3") 2>&1) && { echo "'$2' was taken by $3"; return 1; }
	grep -q -F "$1" <<<"$said" || { echo "'$2' to $3: $said"; return 1; }
}

# The recipe for mediated devices, typed by hand, with a guest that has it and then has it no more.
case_recipe() {
	local type=$types/i915-GVTg_V5_8 before domid ok=1
	mountpoint -q $tree || { echo "no $tree"; return 1; }
	before=$(<$type/available_instances)
	cat $type/name $type/description $type/device_api || return
	echo $uuid_a >$type/create || return
	(($(<$type/available_instances) == before - 1)) || return
	xengt list | grep "free .*$uuid_a" && [[ $(readlink $tree/$uuid_a/mdev_type) == *V5_8 ]] || return
	waiting recipe "$1" 'device_model_version="qemu-xen"' \
		'device_model_override="/usr/libexec/xengt/xengt-dm"' \
		"device_model_args=[\"-xengt\",\"uuid=$uuid_a\"]" || return
	domid=$(xl domid recipe)
	[[ $(<$tree/vm$domid/uuid) == "$uuid_a" && $(<$tree/vm$domid/state) == running ]] &&
		refuses 'Device or resource busy' 1 $tree/$uuid_a/remove &&
		xengt show recipe | grep 'type i915-GVTg_V5_8' && ok=0
	xl destroy recipe
	until_true 30 test ! -e "$tree/vm$domid" || return
	xengt list | grep "free .*$uuid_a" || return
	echo 1 >$tree/$uuid_a/remove && [[ ! -e $tree/$uuid_a ]] || return
	(($(<$type/available_instances) == before)) && return $ok
}

case_gvt_instance() {
	local domid ok=1
	waiting lines "$1" || return
	domid=$(xl domid lines)
	echo "$domid,64,448,4" >$tree/control/create_gvt_instance &&
		cat "$tree/vm$domid/vgpu_id" "$tree/vm$domid/vgpu_bar_info" &&
		refuses 'File exists' "$domid,64,448,4" $tree/control/create_gvt_instance &&
		echo 3 >"$tree/vm$domid/schedule/weight" && xengt show lines | grep 'weight 3' &&
		echo "-$domid" >$tree/control/create_gvt_instance &&
		[[ ! -e $tree/vm$domid ]] && ok=0
	xl destroy lines
	return $ok
}

case_misuse() {
	refuses 'Invalid argument' "0,64,448,4" $tree/control/create_gvt_instance &&
		refuses 'No such process' "32000,64,448,4" $tree/control/create_gvt_instance &&
		refuses 'Invalid argument' "7" $tree/control/create_gvt_instance &&
		refuses 'No such process' "-32000" $tree/control/create_gvt_instance &&
		refuses 'Invalid argument' x $types/i915-GVTg_V5_8/create &&
		! xengt create none && ! xengt remove $uuid_b || return
	grep "^create 'x': 'x' is no UUID" $tree/control/last_error &&
		journalctl -q -u xengtd | grep "not done: create 'x': 'x' is no UUID" || return
	cat $tree/control/available_resources || return
	! setpriv --reuid 65534 --regid 65534 --clear-groups cat $tree/control/available_resources || return
	! setpriv --reuid 65534 --clear-groups sh -c "echo 7 >$tree/control/create_gvt_instance"
}

# New settings count at once; wrong ones are refused whole; a new daemon knows the same vGPUs.
case_reload() {
	local old
	old=$(</etc/xen/xengt.conf)
	xengt create i915-GVTg_V5_4 $uuid_b || return
	printf '[type small]\naperture_mb = 64\nmemory_mb = 64\n' >>/etc/xen/xengt.conf
	systemctl reload xengtd && until_true 20 test -d $types/small || return
	sed -i 's/^aperture_mb = 64/aperture_mb = 65/' /etc/xen/xengt.conf
	systemctl reload xengtd
	until_true 20 eval "journalctl -u xengtd | grep -q 'aperture_mb=65: it takes'" || return
	xengt types | grep small || return
	printf '%s\n' "$old" >/etc/xen/xengt.conf
	xengt doctor || return
	systemctl restart xengtd && [[ -e $tree/$uuid_b && ! -e $types/small ]] || return
	xengt remove $uuid_b
}

# entries DOMID MESSAGE-ID: the journal has one of this guest's, and of this event.
entries() {
	journalctl -q -n 1 "XENGT_DOMID=$1" "XENGT_VM=seen" "MESSAGE_ID=$2" | grep .
}

# A share that is set counts in all places at once; the journal knows the guest; doctor its configuration.
case_seen() {
	local domid ok=1
	xengt doctor "$1" || return
	grep -v "^type" "$1" >/tmp/untyped.cfg
	! xengt doctor /tmp/untyped.cfg || return
	xengt doctor /tmp/untyped.cfg | grep -A1 '^NOT SO.*HVM' | grep 'type = "hvm"' || return
	waiting seen "$1" 'device_model_version="qemu-xen"' \
		'device_model_override="/usr/libexec/xengt/xengt-dm"' \
		'device_model_args=["-xengt","type=i915-GVTg_V5_8"]' || return
	domid=$(xl domid seen)
	xengt schedule seen 5 20 | grep 'weight 5, cap 20' &&
		[[ $(<"$tree/vm$domid/schedule/cap") == 20 ]] &&
		[[ $(<"$tree/vm$domid/counters/run_us_rcs0") == 0 ]] &&
		xengt metrics | grep '^xengt_vgpu_busy_seconds_total{.*engine="rcs0"} 0' &&
		until_true 10 entries "$domid" f2aaeeadbf674ec5b7315c62598fa2db && ok=0
	xl destroy seen
	until_true 30 test ! -e "$tree/vm$domid" &&
		until_true 10 entries "$domid" a7af6ff8c1854f87904174273ca17d5d || return
	return $ok
}

# means NAME DOMID: it is that domain's vGPU.
means() {
	xengt show -- "$1" | grep -q "(domain $2): vGPU" || { echo "'$1' is not domain $2"; return 1; }
}

# Two guests, of which the second has names that are nearly the first one's number: each command means
# the guest that xl means.
case_names() {
	local one two name ok=0 vgpu=('device_model_version="qemu-xen"'
		'device_model_override="/usr/libexec/xengt/xengt-dm"'
		'device_model_args=["-xengt","type=i915-GVTg_V5_8"]')
	waiting one "$1" "${vgpu[@]}" && waiting two "$1" "${vgpu[@]}" || return
	one=$(xl domid one) two=$(xl domid two)
	for name in "+$one" " $one" "$one " "-$one" -5 "0x$one" "$one.0" "1e1" 'a b' "it's \"so\"" '*' ü --json; do
		xl rename -- "$two" "$name" && [[ $(xl domid -- "$name") == "$two" ]] && means "$name" "$two" &&
			xengt regs -- "$name" && xengt gtt -- "$name" && xengt verify -- "$name" &&
			xengt schedule -- "$name" 5 && xengt reset -- "$name" &&
			xengt detach -- "$name" && ! xengt detach -- "$name" &&
			xengt show "$one" && xengt attach -- "$name" type=i915-GVTg_V5_8 && means "$name" "$two" ||
			{ echo "'$name' is not domain $two"; ok=1; }
	done >/tmp/names 2>&1
	# Digits alone are the number, as for xl.
	xl rename "$two" "$one" && [[ $(xl domname "$one") == one ]] && means "$one" "$one" || ok=1
	xl destroy "$one"
	xl destroy "$two"
	until_true 30 test ! -e "$tree/vm$two" || return
	((ok)) && tail -n 40 /tmp/names
	return $ok
}
