# SPDX-License-Identifier: MIT
"""Debian's archive as this host's own apt settings name it, for any of the lab's releases."""
import pathlib
import re
import time
import urllib.parse

from settings import CACHE, KERNELS, KEYRING, LabError, run

ENTRY = re.compile(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$")


def host_codename():
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    found = re.search(r"^VERSION_CODENAME=\"?([a-z]+)", text, re.M)
    return found.group(1) if found else ""


def host_entries():
    """(uri, suite) pairs of all binary sources that have a main component."""
    apt = pathlib.Path("/etc/apt")
    for file in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]:
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                found = ENTRY.match(line.strip())
                if found and "main" in found.group(3).split():
                    yield found.group(1), found.group(2)
    for file in sorted((apt / "sources.list.d").glob("*.sources")):
        text = re.sub(r"^#.*\n?", "", file.read_text(encoding="utf-8"), flags=re.M)
        for stanza in re.split(r"\n\s*\n", text):
            fields = {}
            for name, value in re.findall(r"^(\S+?):((?:.*\n?)(?:[ \t].*\n?)*)", stanza, re.M):
                fields[name.lower()] = value.split()
            if "deb" in fields.get("types", []) and "main" in fields.get("components", []):
                if fields.get("enabled") != ["no"]:
                    for uri in fields.get("uris", []):
                        for suite in fields.get("suites", []):
                            yield uri, suite


def sources(release, kind="deb"):
    """The lines of a sources.list for a release, of kind deb or deb-src. Only Debian's own archives count: third parties'
    sources on the host are none of the lab's business."""
    host = host_codename()
    pockets = KERNELS[release].pockets or ("", "updates", "security")
    lines = []
    for uri, suite in host_entries():
        path = urllib.parse.urlsplit(uri).path.rstrip("/")
        base, _, pocket = suite.partition("-")
        if base != host or pocket not in pockets:
            continue
        if not re.search(r"/debian(-security)?(\.list)?$", path):
            continue
        suite = release + (f"-{pocket}" if pocket else "")
        line = f"{kind} [signed-by={KEYRING}] {uri} {suite} main"
        if line not in lines:
            lines.append(line)
    if not lines:
        raise LabError("no Debian archive in this host's /etc/apt sources")
    return "\n".join(lines) + "\n"


def proxy_options():
    """The host's apt proxy settings, in the form of mmdebstrap's --aptopt."""
    dump = run("apt-config", "dump")
    wanted = re.findall(r'^(Acquire::(?:https?::)?Proxy[^ ]*) "(.+)";$', dump, re.M | re.I)
    return [f'--aptopt={name} "{value}"' for name, value in wanted]


class Archive:
    """apt, asked about one release, with its state in the cache and none of the host's."""

    def __init__(self, release, kind="deb"):
        self.sources = sources(release, kind)
        self.home = CACHE / "apt" / (release if kind == "deb" else f"{release}-{kind}")
        self.options = [
            "-o", f"Dir::State::lists={self.home}/lists",
            "-o", f"Dir::Etc::sourcelist={self.home}/sources.list",
            "-o", "Dir::Etc::sourceparts=/dev/null",
            "-o", "Dir::Etc::preferencesparts=/dev/null",
            "-o", "Dir::State::status=/dev/null",
            "-o", f"Dir::Cache={self.home}/cache",
            "-o", "APT::Sandbox::User=root",
        ]  # fmt: skip

    def refresh(self, max_age=86400):
        """Fetch the lists of packages unless those here are younger than max_age seconds."""
        lines = self.sources
        listed = self.home / "sources.list"
        stamp = self.home / "stamp"
        if stamp.exists() and listed.exists() and listed.read_text(encoding="utf-8") == lines:
            if time.time() - stamp.stat().st_mtime < max_age:
                return
        for name in ("lists/partial", "cache/archives/partial"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        listed.write_text(lines, encoding="utf-8")
        run("apt-get", *self.options, "update", timeout=300)
        stamp.touch()

    def show(self, package):
        """The fields of the newest version of a package, or None."""
        try:
            text = run("apt-cache", *self.options, "show", "--no-all-versions", package)
        except LabError:
            return None
        return dict(re.findall(r"^([A-Za-z-]+): (.*)$", text, re.M))

    def download(self, packages, folder):
        """Fetch packages alone, checked against the signed lists, into an empty folder; returns their files."""
        folder.mkdir(parents=True, exist_ok=True)
        run("apt-get", *self.options, "download", *packages, cwd=folder, timeout=600)
        return sorted(folder.glob("*.deb"))

    def source(self, package, *options, folder=None):
        """Fetch the newest source package's files, checked against the signed lists; with
        "--print-uris", say which they are. Of an Archive of kind deb-src."""
        return run(
            "apt-get", *self.options, "source", "-qq", "--only-source", "--download-only", *options,
            package, cwd=folder, timeout=900,
        )  # fmt: skip

    def closure(self, packages, folder):
        """Fetch packages and all they depend on, as for a system that has none; returns their files."""
        (folder / "partial").mkdir(parents=True, exist_ok=True)
        run(
            "apt-get", *self.options, "-o", f"Dir::Cache::archives={folder}", "-y",
            "--no-install-recommends", "--download-only", "install", *packages, timeout=900,
        )  # fmt: skip
        return sorted(folder.glob("*.deb"))
