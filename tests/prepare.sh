# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What ./check and ./demo share: the packages that building takes, installed where they are missing.

# shellcheck disable=SC2034 # by those who source this
build_packages=(gcc libc6-dev make autoconf automake libtool pkg-config check libxen-dev libsystemd-dev
	libjson-c-dev libfuse3-dev libseccomp-dev git)

say() {
	printf '\n== %s\n' "$*"
}

stop() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# need PACKAGE...: install what is missing, or say what to install.
need() {
	local missing=() package
	for package; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
			missing+=("$package")
	done
	((${#missing[@]})) || return 0
	command -v apt-get >/dev/null ||
		stop "this needs Debian's packages, or their like elsewhere: ${missing[*]}"
	[[ $(id -u) == 0 ]] || stop "install these packages first: ${missing[*]}"
	say "installing ${missing[*]}"
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		"${missing[@]}"; } >/tmp/xengt-install.log 2>&1 || {
		tail -n 5 /tmp/xengt-install.log >&2
		stop "these packages could not be installed: ${missing[*]}"
	}
}

# build FOLDER OPTION...: configure once and make, below build/. What they say is in build/FOLDER.log.
build() {
	local folder=build/$1 log=build/$1.log
	shift
	mkdir -p "$folder"
	: >"$log"
	[[ -x configure && configure -nt configure.ac && configure -nt Makefile.am ]] ||
		autoreconf -fi >>"$log" 2>&1 || { tail -n 20 "$log"; stop 'autoreconf failed'; }
	if [[ ! -e $folder/Makefile || configure -nt $folder/Makefile ]]; then
		(cd "$folder" && ../../configure "$@") >>"$log" 2>&1 ||
			{ tail -n 20 "$log"; stop 'configure failed'; }
	fi
	make -C "$folder" -j"$(nproc)" >>"$log" 2>&1 || { tail -n 40 "$log"; stop 'the build failed'; }
}
