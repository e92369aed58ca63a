#!/bin/bash
# SPDX-License-Identifier: MIT
# ./demo, in dom0 of the lab: what a user would type, and what there is to see.
config=/usr/share/xengt/xl-configs/one-vgpu.cfg

step() {
	printf '\n== %s\n' "$*"
}

step "xengtd, as systemd runs it"
systemctl --no-pager --lines=0 status xengtd | head -n 4
step "xl create $config"
lab-guest create one-vgpu $config || exit
xengt list
step 'the guest boots (a few minutes here: each of its instructions is emulated twice)'
lab-guest wait-up one-vgpu 900 || exit
step "what the guest's own kernel says"
said=$(lab-guest run one-vgpu 'dmesg | grep -E "i915|10.0|drm"; echo; ls -l /sys/bus/pci/drivers/i915/')
echo "$said"
step 'the engines that its driver has, and the devices for programs'
engines=$(lab-guest run one-vgpu 'ls /sys/class/drm/card0/engine /dev/dri')
echo "$engines"
step 'what its vGPU did meanwhile: xengt show one-vgpu'
xengt show one-vgpu
step 'what the GPU of software executed for it: xengt --json show one-vgpu'
xengt --json show one-vgpu | sed -n '/"execution"/,/^  }/p'
step 'the pages of registers that the guest reads without a trap: xengt regs --pages one-vgpu'
xengt regs --pages one-vgpu
lab-guest poweroff one-vgpu 60
cat <<'END'

How to go on: xl-configs/ has configurations to start from; xengt(8), xengtd(8) and xengt-dm(8) say
what there is; "tests/xen/lab run --guest SCRIPT" runs a script of yours in a guest with a vGPU.
END
for line in 'Virtual GPU for Intel GVT-g detected' 'VGT balloon successfully' 'Initialized i915'; do
	grep -q -F "$line" <<<"$said" || { echo "The driver did not say: $line"; exit 1; }
done
if grep -i wedged <<<"$said"; then
	echo 'The driver gave its GPU up.'
	exit 1
fi
for engine in rcs0 bcs0 vcs0 vecs0; do
	grep -q -w "$engine" <<<"$engines" || { echo "The driver has no engine $engine"; exit 1; }
done
echo 'The guest found its vGPU; its stock driver is bound to it, and has all engines.'
