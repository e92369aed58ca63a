# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Many guests with vGPUs at once and one after the other, paused: what is counted is the daemon's.

fleet_at_once=16
fleet_all=200
fleet_by=8

# member NAME CONFIG: a paused guest with the smallest vGPU.
member() {
	waiting "$1" "$2" 'device_model_version="qemu-xen"' 'memory=64' \
		'device_model_override="/usr/libexec/xengt/xengt-dm"' \
		'device_model_args=["-xengt","type=i915-GVTg_V5_8"]' >"/tmp/$1.log" 2>&1 ||
		{ cat "/tmp/$1.log"; return 1; }
}

vgpus() {
	xengt --json list | grep -c '"domid"'
}

# All there is of vGPUs in dom0, but for the daemon's own: states, keys, directories of the tree.
traces() {
	find /run/xengt -maxdepth 1 -name '*.vgpu'
	find $tree -maxdepth 1 -name 'vm*'
	xenstore-ls -f /local/domain | grep /xengt/
}

case_at_once() {
	local i ok=0
	for ((i = 1; i <= fleet_at_once; i++)); do
		member "fleet$i" "$1" || ok=1
	done
	xengt list
	(($(vgpus) == fleet_at_once)) || ok=1
	(($(find $tree -maxdepth 1 -name 'vm*' | wc -l) == fleet_at_once)) || ok=1
	# The daemon takes all of them up again.
	kill -9 "$(pid)" && systemctl restart xengtd && (($(vgpus) == fleet_at_once)) || ok=1
	for ((i = 1; i <= fleet_at_once; i++)); do
		xl destroy "fleet$i" || ok=1
	done
	until_true 60 eval '[[ -z $(traces) ]]' || { traces; ok=1; }
	return $ok
}

# lives NAME CONFIG TIMES: made and destroyed, again and again.
lives() {
	local n
	for ((n = 0; n < $3; n++)); do
		member "$1" "$2" && xengt show "$1" >/dev/null && xl destroy "$1" || return
	done
}

# One alone, until the daemon is done with it.
case_first() {
	lives first "$1" 1 && until_true 60 eval '(($(vgpus) == 0))'
}

case_churn() {
	local i ok=0 jobs=()
	for ((i = 1; i <= fleet_by; i++)); do
		lives "churn$i" "$1" $((fleet_all / fleet_by)) &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		wait "$i" || ok=1
	done
	until_true 60 eval '[[ -z $(traces) ]]' || { traces; ok=1; }
	echo "attached: $(journalctl -u xengtd | grep -c 'churn.*attached')"
	(($(journalctl -u xengtd | grep -c 'churn.*attached') == fleet_all)) && return $ok
}
