"""Bombs: what is too large is refused by name, in bounded memory and on a bounded disk."""

import gzip
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.limits import Limits
from ecom_platform.lake.spool import open_spool
from ecom_platform_tests.support.places import HEADER, ROOT

MIB = 1 << 20
MEMORY_ABOVE_IDLE = 100 * MIB
PROGRAM = """
import json, resource, sys
from pathlib import Path
from ecom_platform.lake import file_rows
from ecom_platform.lake.file_refusals import FileRefusedError
from ecom_platform.lake.spool import open_spool

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

idle = peak()
path = Path(sys.argv[1])
try:
    open_spool(path)
    said = "read"
except FileRefusedError as error:
    said = str(error)
disk = sum(one.stat().st_size for one in path.parent.iterdir() if one != path)
print(json.dumps({"said": said, "above_idle": peak() - idle, "disk_beside": disk}))
"""


def outcome(path: Path) -> dict[str, object]:
    """What a process of its own says of a file, and what it took."""
    command = [sys.executable, "-c", PROGRAM, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_gzip_bomb_is_refused_by_name_in_bounded_memory_and_disk(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    path = tmp_path / "bomb.csv.gz"
    with path.open("wb") as file:
        file.write(packer.compress(f"{HEADER}\n".encode()))
        zeros = b"0" * MIB
        for _ in range(2000):
            file.write(packer.compress(zeros))
        file.write(packer.flush())

    found = outcome(path)

    assert "too_large: unpacks to more than 200 times its size: a gzip bomb" in str(found["said"])
    assert int(str(found["above_idle"])) < MEMORY_ABOVE_IDLE
    assert found["disk_beside"] == 0


def test_line_of_two_gigabytes_is_refused_by_name_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    with path.open("wb") as file:
        file.write(f"{HEADER}\n".encode())
        file.truncate(2 << 30)

    found = outcome(path)

    assert "too_large: a line is longer than 1,048,576 bytes" in str(found["said"])
    assert int(str(found["above_idle"])) < MEMORY_ABOVE_IDLE


@pytest.mark.parametrize(("length", "is_read"), [(1000, True), (1001, False)])
def test_line_may_be_as_long_as_the_limit(
    length: int,
    is_read: bool,  # noqa: FBT001 - one of two outcomes
    tmp_path: Path,
) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(HEADER.encode() + b"\n" + b"x" * length + b"\n" + b"y\n")
    limits = Limits(line_bytes=1000)
    if is_read:
        assert open_spool(path, limits).line_count == 3
    else:
        with pytest.raises(FileRefusedError, match="longer than 1,000 bytes"):
            open_spool(path, limits)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(expanded_bytes=999), "unpacked more than 999 bytes"),
        (Limits(expanded_bytes=1000), None),
        (Limits(expansion=10, expansion_from_bytes=100), "more than 10 times its size"),
        (Limits(expansion=10, expansion_from_bytes=1000), None),
    ],
)
def test_file_may_unpack_to_as_much_as_the_limits(
    limits: Limits, says: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "events.csv.gz"
    path.write_bytes(gzip.compress(b"a\n" * 500))
    if says is None:
        assert open_spool(path, limits).line_count == 500
    else:
        with pytest.raises(FileRefusedError, match=says):
            open_spool(path, limits)


@pytest.mark.parametrize(("most", "is_read"), [(3, True), (2, False)])
def test_broken_lines_are_kept_up_to_a_number(
    most: int,
    is_read: bool,  # noqa: FBT001 - one of two outcomes
    tmp_path: Path,
) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(HEADER.encode() + b'\n"\n"\n"\n')
    limits = Limits(broken_lines=most)
    if is_read:
        assert len(open_spool(path, limits).set_aside) == 3
    else:
        with pytest.raises(FileRefusedError, match="more than 2, the last is 4"):
            open_spool(path, limits)
