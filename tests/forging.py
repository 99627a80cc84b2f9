"""Model files taken apart and put together again, with a checksum that is right: what a forger would do."""

import hashlib
import json
from typing import Any, NamedTuple

import numpy as np

BEFORE_DIGEST = b'{"__metadata__":{"sha256":"'
DTYPES = {"F64": np.float64, "I64": np.int64, "I32": np.int32, "F32": np.float32, "BOOL": np.bool_}
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}


class Parts(NamedTuple):
    """The description as JSON data, or as raw text; the declared tensors and the bytes they lie in."""

    description: Any
    tensors: dict[str, Any]
    data: bytes


def parts_of(content: bytes) -> Parts:
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    description = json.loads(header.pop("__metadata__")["normexp"])
    return Parts(description, header, content[8 + length :])


def forged(parts: Parts, *, checksum: bool | None = None, metadata: Any = None) -> bytes:
    """A file of these parts; with a checksum if the description says format 2, unless told otherwise."""
    text = parts.description if isinstance(parts.description, str) else json.dumps(parts.description)
    if checksum is None:
        checksum = isinstance(parts.description, dict) and parts.description.get("format") != 1
    held = {"sha256": "0" * 64, "normexp": text} if checksum else {"normexp": text}
    header = json.dumps({"__metadata__": held if metadata is None else metadata, **parts.tensors}, separators=(",", ":"))
    return sealed(header.encode("utf-8", "surrogatepass"), parts.data)


def sealed(header: bytes, data: bytes) -> bytes:
    """Header and data with the right length and, where the header has a place for it, the right checksum."""
    header += b" " * (-len(header) % 8)
    content = bytearray(len(header).to_bytes(8, "little") + header + data)
    if header.startswith(BEFORE_DIGEST):
        digits = slice(8 + len(BEFORE_DIGEST), 8 + len(BEFORE_DIGEST) + 64)
        content[digits] = b"0" * 64
        content[digits] = hashlib.sha256(content).hexdigest().encode()
    return bytes(content)


def arrays_of(parts: Parts) -> dict[str, Any]:
    return {
        name: np.frombuffer(parts.data[slice(*tensor["data_offsets"])], DTYPES[tensor["dtype"]]).reshape(tensor["shape"]).copy()
        for name, tensor in parts.tensors.items()
    }  # fmt: skip


def with_arrays(parts: Parts, arrays: dict[str, Any]) -> Parts:
    """The same description over other arrays."""
    tensors, data = {}, b""
    for name, array in arrays.items():
        tensors[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    return Parts(parts.description, tensors, data)
