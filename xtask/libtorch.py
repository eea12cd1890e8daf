#!/usr/bin/env python3
"""Puts a slim CPU libtorch into a folder, made from the wheels of PyTorch: what `cargo xtask libtorch` runs.

Needs x86-64 Linux, a C compiler and a python3 with pip (or venv); installs nothing, asks for no root. The
headers and the CPU libraries are kept, about 500 MB; as much again is used while it works.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# What tch 0.24 is written for, and the CUDA parts that this wheel's metadata names.
VERSION = "2.11.0"
WHEELS = [f"torch=={VERSION}", "nvidia-cuda-runtime==13.0.96", "nvidia-cuda-cupti==13.0.85"]
# The wheels hold C++, so any of their Pythons will do; naming one makes every machine fetch the same files.
PYTHON = "3.11"
PLATFORMS = [f"manylinux{tag}_x86_64" for tag in ("_2_28", "_2_25", "_2_17", "2014")]
LIBRARIES = {
    "torch/lib/libc10.so",
    "torch/lib/libtorch_cpu.so",
    "torch/lib/libgomp.so.1",
    # The wheel is a CUDA build: even its CPU library does not load without these two.
    "nvidia/cu13/lib/libcudart.so.13",
    "nvidia/cu13/lib/libcupti.so.13",
}
LICENCES = {"LICENSE", "NOTICE", "License.txt"}
ROOM = 1_300_000_000

ELSEWHERE = (
    f"set LIBTORCH to the folder of a libtorch {VERSION} that you have, "
    f"or LIBTORCH_USE_PYTORCH=1 where `python3 -c 'import torch'` finds PyTorch {VERSION}"
)


def stop(message):
    """Ends with a message that says what to try."""
    sys.exit(f"libtorch: {message}")


def check(folder):
    """Stops where this cannot work, before anything is fetched."""
    machine = f"{platform.system()} {platform.machine()}"
    if machine != "Linux x86_64":
        stop(f"the wheels used here are for x86-64 Linux, and this is {machine}: {ELSEWHERE}")
    if shutil.which(compiler()) is None:
        stop(f"there is no C compiler `{compiler()}`: install one, or name yours in CC")
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        stop(f"{folder} has {free / 1e9:.1f} GB free and {ROOM / 1e9:.1f} are needed for a moment: "
             f"make room, or name a folder elsewhere (cargo xtask libtorch FOLDER) and set LIBTORCH to it")


def compiler():
    return os.environ.get("CC", "cc")


def pip(scratch):
    """A command that runs pip: this Python's, one on the path, or one in a throw-away environment."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        try:
            if subprocess.run([*command, "--version"], **quiet).returncode == 0:
                return command
        except FileNotFoundError:
            pass
    environment = scratch / "environment"
    if subprocess.run([sys.executable, "-m", "venv", environment], **quiet).returncode == 0:
        return [environment / "bin/python", "-m", "pip"]
    stop(f"python3 has neither pip nor venv: install one of them (python3-pip or python3-venv on Debian "
         f"and Ubuntu); or {ELSEWHERE}")


def download(folder, scratch):
    """Fetches the wheels by pip, which knows where the user's packages come from."""
    command = [*pip(scratch), "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest", folder,
               "--implementation", "cp", "--python-version", PYTHON]
    for name in PLATFORMS:
        command += ["--platform", name]
    if subprocess.run([*command, *WHEELS]).returncode != 0:
        stop(f"pip could not fetch {', '.join(WHEELS)} (its own words are above): is there a network, and does "
             f"pip's index have them? Without a network, bring the wheels and name their folder by --wheels; or {ELSEWHERE}")


def unpack(wheels, target):
    """Takes headers, libraries and licences out of the wheels."""
    (target / "lib").mkdir(parents=True)
    found = set()
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                place = destination(entry.filename, target)
                if place is None or entry.is_dir():
                    continue
                found.add(entry.filename)
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, open(place, "wb") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
    if missing := LIBRARIES - found:
        stop(f"the wheels in {wheels} lack {', '.join(sorted(missing))}: they should be {', '.join(WHEELS)} for {PLATFORMS[0]}")


def destination(name, target):
    """Where an entry of a wheel goes, or None for what is not needed."""
    if name in LIBRARIES:
        return target / "lib" / Path(name).name
    if name.startswith("torch/include/"):
        return target / name.removeprefix("torch/")
    if ".dist-info/" in name and Path(name).name in LICENCES:
        return target / "licenses" / name.replace("/", "_")
    return None


def stand_in(lib):
    """Makes libtorch.so, which holds no code in a real libtorch either: it only pulls in the CPU and CUDA parts.

    It keeps that name among the libraries a program needs, so that the same program has CUDA wherever it is run
    with a libtorch that has it.
    """
    command = [compiler(), "-shared", "-x", "c", os.devnull, "-o", lib / "libtorch.so", "-Wl,-soname,libtorch.so",
               "-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed", f"-L{lib}", "-ltorch_cpu", "-lc10",
               "-Wl,--allow-shlib-undefined"]
    if subprocess.run(command).returncode != 0:
        stop("the C compiler could not make libtorch.so (its own words are above)")


def arguments():
    parser = argparse.ArgumentParser(prog="cargo xtask libtorch", description=__doc__)
    default = Path(__file__).resolve().parent.parent / ".libtorch"
    parser.add_argument("folder", nargs="?", type=Path, default=default, help="where to [default: .libtorch]")
    parser.add_argument("--wheels", type=Path, metavar="FOLDER", help="take wheels that were fetched before")
    return parser.parse_args()


def main():
    options = arguments()
    folder = options.folder.absolute()
    # torch-sys reads this file too, and refuses another version.
    stamp = folder / "build-version"
    if stamp.exists() and stamp.read_text().split("+")[0] == VERSION:
        print(f"{folder}: libtorch {VERSION} is there already")
        return
    if folder.exists() and not stamp.exists() and any(folder.iterdir()):
        stop(f"{folder} is there and is no libtorch: name another folder, or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    check(folder.parent)
    # Beside the result, so that it is put in place by renaming: a folder that is there is whole.
    with tempfile.TemporaryDirectory(prefix=".libtorch-", dir=folder.parent) as scratch:
        scratch = Path(scratch)
        wheels = options.wheels or scratch / "wheels"
        if options.wheels is None:
            download(wheels, scratch)
        target = scratch / "libtorch"
        unpack(wheels, target)
        stand_in(target / "lib")
        (target / "build-version").write_text(f"{VERSION}+cpu\n")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(target, folder)
    print(f"{folder}: libtorch {VERSION} (CPU) is ready")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        stop(f"{error.filename or 'the disk'}: {error.strerror or error}")
    except zipfile.BadZipFile as error:
        stop(f"a wheel is broken ({error}): fetch it again")
