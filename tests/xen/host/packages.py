# SPDX-License-Identifier: MIT
"""Debian's packages as a root file system to lay over a guest's own."""
import shutil
import subprocess

import apt
import images
from settings import LabError, digest, run

MERGED = ("bin", "sbin", "lib", "lib64")
# What no program in a guest without a user needs; what stays is unpacked by an emulated processor.
LEFT_OUT = """usr/share/bug usr/share/doc usr/share/fonts usr/share/lintian usr/share/locale
    usr/share/man usr/share/X11 usr/lib/x86_64-linux-gnu/gconv usr/share/zoneinfo""".split()


def root(release, names):
    """The root with these packages of a release and all they depend on, as a list for Tree.add. No
    package's own scripts are run."""
    if not names:
        return []
    names = sorted(names)
    key = digest(names, apt.sources(release), LEFT_OUT)
    home = images.keep(
        "guests", f"{release}-{'+'.join(names)}", key, f"packages of {release} for guests",
        lambda home: unpack(release, names, home),
    )  # fmt: skip
    return [str(home / "root")]


def unpack(release, names, home):
    archive = apt.Archive(release)
    archive.refresh()
    files = archive.closure(names, home / "debs")
    target = home / "root"
    (target / "etc").mkdir(parents=True)
    for name in MERGED:
        (target / "usr" / name).mkdir(parents=True)
        (target / name).symlink_to(f"usr/{name}")
    for file in files:
        contents = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", file], stdout=subprocess.PIPE, check=False
        )
        if contents.returncode:
            raise LabError(f"{file} cannot be unpacked")
        # Older packages have files for /lib: they go where the link leads.
        done = subprocess.run(
            ["tar", "-x", "--keep-directory-symlink", "-C", target],
            input=contents.stdout, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise LabError(f"{file}: {done.stderr.decode(errors='replace')}")
    for name in LEFT_OUT:
        shutil.rmtree(target / name, ignore_errors=True)
    run("ldconfig", "-r", target)
    shutil.rmtree(home / "debs")
