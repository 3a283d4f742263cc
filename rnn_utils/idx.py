"""The IDX format, in which MNIST was published in 1998, read with NumPy."""

import gzip
import io
import math
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from rnn_utils.errors import DataError

UNSIGNED_BYTE = 0x08


def parse_idx(content: bytes, shape: tuple[int, ...], name: str) -> NDArray[np.uint8]:
    """Unpack a gzipped IDX file of unsigned bytes whose shape is known beforehand.

    An IDX file begins with two zero bytes, one byte for the type of the entries and one for the
    number of axes; then comes the length of each axis as a big-endian 32-bit number, and then the
    entries, the last axis fastest.

    Parameters
    ----------
    content : bytes
        The file as stored, compressed.
    shape : tuple of int
        What the file must hold: ``(N, 28, 28)`` for the images of MNIST, ``(N,)`` for its labels.
    name : str
        The file's name, for messages.

    Returns
    -------
    ndarray of uint8, shape as asked
        Grey levels 0 (paper) to 255 (ink), or labels; a copy that may be written to.

    Raises
    ------
    DataError
        If the content is not gzip, is cut short, is longer than the shape allows, or its header
        names another type or shape.  The header is compared before any entry is unpacked, and at
        most one byte more than expected is, so a small file cannot fill the memory.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file formats.

    Examples
    --------
    >>> header = bytes([0, 0, 8, 1]) + bytes([0, 0, 0, 3])
    >>> parse_idx(gzip.compress(header + bytes([5, 0, 4])), (3,), "three-labels.gz")
    array([5, 0, 4], dtype=uint8)
    """
    length = math.prod(shape)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            _check_header(stream.read(4 + 4 * len(shape)), shape, name)
            entries = stream.read(length + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name}: not a whole gzip file ({error}). Delete it and fetch it again.") from error
    if len(entries) != length:
        came = "more" if len(entries) > length else f"only {len(entries):,}"
        raise DataError(f"{name}: expected {length:,} entries, came {came}. Delete it and fetch it again.")
    return np.frombuffer(entries, dtype=np.uint8).reshape(shape).copy()


def _check_header(header: bytes, shape: tuple[int, ...], name: str) -> None:
    magic = bytes([0, 0, UNSIGNED_BYTE, len(shape)])
    if header[:4] != magic:
        raise DataError(
            f"{name}: begins with {header[:4].hex() or 'nothing'}, expected {magic.hex()} "
            f"(unsigned bytes, {len(shape)} axes). Look whether images and labels were swapped."
        )
    if len(header) != 4 + 4 * len(shape):
        raise DataError(f"{name}: ends inside its header. Delete it and fetch it again.")
    found = struct.unpack(f">{len(shape)}I", header[4:])
    if found != shape:
        raise DataError(
            f"{name}: holds an array of shape {found}, expected {shape}. "
            "Look whether the training and the test file were swapped."
        )
