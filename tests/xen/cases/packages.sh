# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Debian's packages of this tree, on a dom0 that has seen nothing of it: /root/debs.

apt_get() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends "$@"
}

version() {
	dpkg-query -W -f '${Version}' xengt
}

# What is on the disk and in /run, but for what others note as time goes by: logs, apt's, dpkg's and
# debconf's own, devices that come and go, domains that were.
files() {
	find / /run -xdev \( -path /root -o -path /tmp -o -path /var/log -o -path /var/cache/apt \
		-o -path /var/lib/apt -o -path '/var/lib/dpkg/*-old' -o -path /var/cache/debconf \
		-o -path /run/xengt-lab -o -path /run/udev/data -o -path /run/xen/domid-history \
		-o -path /run/systemd/ask-password-block \) -prune -o -print | sort
}

serves() {
	systemctl is-active xengtd && xengt version && mountpoint /run/xengt/gvt
}

case_installed() {
	apt_get install /root/debs/xengt_*.deb /root/debs/xengt-doc_*.deb && systemctl is-enabled xengtd && serves && xengt doctor || return
	dpkg-query -W -f '${Conffiles}' xengt | grep /etc/xen/xengt.conf || return
	systemd-analyze security xengtd | tail -n 1
}

# The same contents under a higher version: what apt and the packages' scripts do is an upgrade's.
higher() {
	local place=/tmp/higher
	rm -rf $place && dpkg-deb -R /root/debs/xengt_*.deb $place &&
		sed -i 's/^Version: .*/&+higher/' $place/DEBIAN/control && dpkg-deb -b $place $place.deb
}

# Installed anew, then upgraded, under a guest that asks without end; its settings stay.
case_upgraded() {
	local old was
	higher && echo '# seen by its administrator' >>/etc/xen/xengt.conf && storm "$1" || return
	was=$(version)
	old=$(pid)
	apt_get install --reinstall /root/debs/xengt_*.deb && goes_on "$1" || return
	another_pid "$old" || { echo 'reinstalled, but the old daemon is there'; return 1; }
	old=$(pid)
	apt_get install /tmp/higher.deb && goes_on "$1" || return
	another_pid "$old" || { echo 'upgraded, but the old daemon is there'; return 1; }
	[[ $(version) == "$was+higher" ]] && serves && storm_ended_well "$1" &&
		grep 'seen by its administrator' /etc/xen/xengt.conf
}

# Removed, but for its settings: nothing serves, nothing is mounted, systemd knows no unit.
case_removed() {
	apt_get remove xengt xengt-doc || return
	systemctl daemon-reload
	! systemctl is-active xengtd && ! systemctl cat xengtd && ! mountpoint /run/xengt/gvt &&
		! command -v xengt && [[ -e /etc/xen/xengt.conf ]]
}

# files_left BEFORE: those that were not there, one a line.
files_left() {
	comm -13 "$1" <(files)
}

case_purged() {
	local left
	apt_get purge xengt xengt-doc || return
	left=$(files_left "$1")
	echo "$left"
	[[ -z $left ]] && ! dpkg-query -W xengt xengt-doc
}
