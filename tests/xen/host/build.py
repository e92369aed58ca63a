# SPDX-License-Identifier: MIT
"""This tree, compiled for a release and installed into a folder, as its user would do it."""
import os
import shutil
import subprocess
from pathlib import Path

import images
from settings import CACHE, TREE, LabError, digest, locked, run, step

SKIPPED = {".git", "autom4te.cache", "__pycache__"}


def tree_files():
    """The files of the working tree, uncommitted ones too; without git, all there are."""
    done = subprocess.run(
        ["git", "-C", TREE, "-c", "safe.directory=*", "ls-files", "-coz", "--exclude-standard"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
    ) if shutil.which("git") else None  # fmt: skip
    if done and done.returncode == 0:
        names = {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
    else:
        names = set()
        for folder, inner, files in os.walk(TREE):
            inner[:] = [name for name in inner if name not in SKIPPED]
            names.update(os.path.relpath(os.path.join(folder, name), TREE) for name in files)
    return sorted(name for name in names if (TREE / name).is_file())


def build(release):
    """The folder with what make install puts into a dom0 of this release, or None while the tree
    has nothing to build. A tree that has not changed is not built again."""
    if not (TREE / "configure.ac").exists():
        return None
    root = images.build_tree(release)
    place = f"build/{digest(str(TREE))}"
    source = root / place / "source"
    result = root / place / "install"
    # The lab's own files change what is run, never what is installed.
    names = [name for name in tree_files() if not name.startswith("tests/xen/")]
    with locked(f"xengt-{release}-{digest(str(TREE))}"):
        update(source, names)
        key = digest(*[part for name in names for part in (name, source / name)])
        stamp = root / place / "stamp"
        if stamp.exists() and stamp.read_text(encoding="utf-8") == key:
            return result
        stamp.unlink(missing_ok=True)
        with step(f"building xengt for {release}"):
            shutil.rmtree(result, ignore_errors=True)
            compile_in(root, f"/{place}")
        stamp.write_text(key, encoding="utf-8")
    return result


def update(source, names):
    """Make source a copy of the tree's files, touching only those that differ, so that make sees
    what changed. Files that make produced there stay."""
    listed = source.with_name("listed")
    old = set(listed.read_text(encoding="utf-8").splitlines()) if listed.exists() else set()
    for name in old - set(names):
        (source / name).unlink(missing_ok=True)
    for name in names:
        target = source / name
        data = (TREE / name).read_bytes()
        if not target.exists() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        shutil.copymode(TREE / name, target)
    listed.write_text("\n".join(names) + "\n", encoding="utf-8")


COMPILE = """set -e
cd {place}/source
[ configure -nt configure.ac ] && [ configure -nt Makefile.am ] || autoreconf -fi
[ config.status -nt configure ] ||
	./configure -q --prefix=/usr --sysconfdir=/etc --localstatedir=/var
make -s -j2
make -s install DESTDIR={place}/install
make -s tests/dom0/pages tests/dom0/slots tests/dom0/captive
install -D -t {place}/install/usr/libexec/xengt-lab tests/dom0/pages tests/dom0/slots tests/dom0/captive
"""


def compile_in(root, place):
    in_root(root, COMPILE.format(place=place), CACHE / "xengt-build.log", "xengt does not build")
    Path(root, place.lstrip("/"), "install").mkdir(exist_ok=True)


def in_root(root, script, log, failure, unshared=(), user="root"):
    """Run a shell script in a root file system. What it says goes to the log, and is returned."""
    log.unlink(missing_ok=True)
    try:
        return run(
            "unshare", "--mount", "--pid", "--fork", f"--mount-proc={root}/proc", *unshared,
            "sh", "-c", 'mount -t tmpfs -o mode=1777 shm "$0/dev/shm" && exec chroot "$@"', root,
            f"--userspec={user}", root,
            "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root", "LC_ALL=C.UTF-8", "/bin/sh", "-c", script,
            log=log,
        )  # fmt: skip
    except LabError as error:
        raise LabError(f"{failure}; all of it is in {log}\n{error}") from error
