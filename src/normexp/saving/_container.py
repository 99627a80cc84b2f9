"""The bytes of a model file: a safetensors file, read within bounds that hold before anything is believed.

    8 bytes   length of the header, little-endian
    header    JSON: {"__metadata__": {"sha256": …, "normexp": the description}, name: {dtype, shape, data_offsets}, …}, spaces up to a multiple of 8
    data      the tensors, one after the other

The sha256 is that of the whole file with 64 zeros in the place of its own digits, which always lie at the same place: no bit of the file can change unseen.
"""

import hashlib
import json
import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Declared", "Header", "Refused", "opened", "parsed", "read_header", "read_tensors", "to_bytes"]

MAX_FILE = 2**32
MAX_HEADER = 2**25
MAX_VALUES = 2**21  # JSON values, each some hundred bytes in memory
MAX_DIMENSIONS = 4
KEY = "normexp"
BEFORE_DIGEST = b'{"__metadata__":{"sha256":"'
ZEROS = "0" * 64
TRAIN = "train one with: normexp train TABLE --target COLUMN"
DIGEST = slice(8 + len(BEFORE_DIGEST), 8 + len(BEFORE_DIGEST) + len(ZEROS))
DTYPES: dict[str, type[np.generic]] = {"F64": np.float64, "I64": np.int64, "I32": np.int32, "F32": np.float32, "BOOL": np.bool_}
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}


class Refused(ValueError):
    """Why a file is no usable model: what was expected and what came, and what to do. Whoever knows the file's name puts it in between."""

    def __init__(self, found: str, advice: str = "it is damaged or not by normexp: save the model again") -> None:
        super().__init__(found)
        self.advice = advice


class Declared(NamedTuple):
    """What the header says of a tensor."""

    dtype: str
    shape: tuple[int, ...]
    first: int
    end: int


class Header(NamedTuple):
    """`raw` are the file's bytes up to the data, `digest` the sha256 that the file claims, None in format 1."""

    raw: bytes
    digest: str | None
    description: str
    tensors: dict[str, Declared]


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, int]]:
    """A regular file of bearable size and its size; opened without waiting, so that a pipe without a writer does not stop us."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Refused("expected a model file, got one which does not exist", TRAIN) from None
    except (OSError, ValueError) as error:
        raise Refused(f"expected a model file, got one that cannot be opened: {error}", "check its name and rights") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Refused(f"expected a model file, got {_kind(status.st_mode)}", "name the file itself")
        if status.st_size > MAX_FILE:
            raise Refused(f"expected a model file of at most {MAX_FILE} bytes, got {status.st_size} bytes", "this is no model")
        with open(handle, "rb", buffering=0, closefd=False) as file:
            yield file, status.st_size
    finally:
        os.close(handle)


def _kind(mode: int) -> str:
    names = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return names.get(stat.S_IFMT(mode), "a device")


def read_header(file: BinaryIO, size: int) -> Header:
    """The header of a file of that size, its tensors within the file and one after the other."""
    head = _exactly(file, 8) if size >= 8 else b""
    length = int.from_bytes(head, "little")
    if not 2 <= length <= min(size - 8, MAX_HEADER):
        raise Refused("expected a normexp model (safetensors), got a file that does not read as one: its first 8 bytes are not the length of a header")
    raw = _exactly(file, length)
    digest = raw[len(BEFORE_DIGEST) :][: len(ZEROS)].decode("latin-1") if raw.startswith(BEFORE_DIGEST) else None
    try:
        data = parsed(raw.decode())
    except ValueError as error:
        raise Refused(f"expected a normexp model (safetensors), got a file that does not read as one: {error}") from error
    metadata = data.pop("__metadata__", None) if isinstance(data, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get(KEY), str):
        raise Refused("expected a normexp model, got a safetensors file of another kind", TRAIN)
    if set(metadata) != ({KEY} if digest is None else {KEY, "sha256"}):
        raise Refused(f"expected a header that normexp wrote, got one with {len(metadata)} entries")
    tensors = {name: _declared(value) for name, value in data.items()}
    _check_offsets(tensors, size - 8 - length)
    return Header(head + raw, digest, metadata[KEY], tensors)


def parsed(text: str) -> Any:
    """A bounded JSON text in which no object has a key twice; raises ValueError."""
    n_values = text.count(",") + text.count("[") + text.count("{")
    if n_values > MAX_VALUES:
        raise ValueError(f"expected at most {MAX_VALUES} values, got some {n_values}")
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("expected JSON of a few levels, got lists in lists without end") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("expected each key once, got one twice")
    return data


def _declared(value: Any) -> Declared:
    if isinstance(value, dict) and set(value) == {"dtype", "shape", "data_offsets"}:
        dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
        if isinstance(dtype, str) and dtype in DTYPES and _are_sizes(shape) and len(shape) <= MAX_DIMENSIONS and _are_sizes(offsets) and len(offsets) == 2:
            return Declared(dtype, tuple(shape), *offsets)
    raise Refused(f"expected tensors as {', '.join(DTYPES)} with shape and place, got a file that does not read as one: a tensor is declared otherwise")


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(n) is int and 0 <= n <= MAX_FILE for n in value)


def _check_offsets(tensors: dict[str, Declared], n_bytes: int) -> None:
    at = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: tensor[2:]):
        if tensor.first != at or tensor.end - at != math.prod(tensor.shape) * np.dtype(DTYPES[tensor.dtype]).itemsize:
            raise Refused("expected tensors one after the other, got a file that does not read as one: their places and shapes do not fit")
        at = tensor.end
    if at != n_bytes:
        raise Refused(f"expected {at} bytes of tensors, got a file that does not read as one: it has {n_bytes}", "it was cut or added to: save the model again")


def read_tensors(file: BinaryIO, header: Header) -> dict[str, NDArray[Any]]:
    """The arrays, each its own memory; what is read has the digest that the file claims, if it claims one."""
    digest = hashlib.sha256(_without_digest(header.raw) if header.digest is not None else header.raw)
    arrays: dict[str, NDArray[Any]] = {}
    for name, tensor in sorted(header.tensors.items(), key=lambda item: item[1].first):
        array = np.empty(math.prod(tensor.shape), DTYPES[tensor.dtype])
        room = memoryview(array.view(np.uint8).data)
        _fill(file, room)
        digest.update(room)
        arrays[name] = array.reshape(tensor.shape)
    if header.digest is not None and header.digest != digest.hexdigest():
        raise Refused("expected the bytes that were written, got others: the checksum does not match", "the file was damaged: copy it again or save the model again")
    return arrays


def to_bytes(description: str, arrays: dict[str, NDArray[Any]]) -> bytes:
    """The file: equal contents give equal bytes."""
    tensors, data, at = {}, [], 0
    for name, array in sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])):  # what needs alignment first
        data.append(array.tobytes())
        tensors[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [at, at + len(data[-1])]}
        at += len(data[-1])
    header = json.dumps({"__metadata__": {"sha256": ZEROS, KEY: description}, **tensors}, ensure_ascii=False, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    if len(header) > MAX_HEADER:
        raise ValueError(f"expected a description of at most {MAX_HEADER >> 20} MiB, got {len(header) >> 20} MiB; leave out columns of many long categories (--ignore)")
    payload = bytearray(b"".join([len(header).to_bytes(8, "little"), header, *data]))
    payload[DIGEST] = hashlib.sha256(payload).hexdigest().encode()
    return bytes(payload)


def _without_digest(raw: bytes) -> bytes:
    return raw[: DIGEST.start] + ZEROS.encode() + raw[DIGEST.stop :]


def _exactly(file: BinaryIO, n: int) -> bytes:
    room = bytearray(n)
    _fill(file, memoryview(room))
    return bytes(room)


def _fill(file: Any, room: memoryview) -> None:
    """Read into all of `room`."""
    while len(room):
        n = file.readinto(room)
        if not n:
            raise Refused("expected a whole file, got one that became shorter while it was read", "copy it again")
        room = room[n:]
