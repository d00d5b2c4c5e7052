"""The two compressions of ImageStream files: grey levels (TIFF compression 30817) and masks (30818).

Grey. A strip is a run of nibbles, the low one of each byte first, which goes on over rows and channels. Bit 3 of a
nibble says that the number goes on in the next one; its other bits are three binary digits of the number, the lowest
three first. Where the last nibble of n begins with a 1, the number is negative: 8^n / 2 and more stand for 8^n less.
The numbers are second differences d of the whole row of channels, side by side:

    g(y, x) = sum of d(j, i) over j <= y and i <= x

One nibble of zero follows where their number is odd.

Mask. Pairs of bytes (value, run - 1), in which runs go on over the ends of rows. 0 is outside, 1 inside, 2 and 3
are inside of an object that was cut in height or width.

Neither has a checksum: a changed digit shows only where it changes the count of numbers or leads out of 16 bit.
"""

import numpy as np

GREY, MASK = 30817, 30818
#: Digits of a number, three binary ones each: second differences of 16 bit need 7.
LONGEST = 8


class Damaged(Exception):
    """A strip or directory that cannot be what was written; the message is the reason."""


def decode_grey(data: bytes, height: int, width: int) -> np.ndarray:
    """Grey levels of a strip, shape (height, width), int64, from -32,768 to 65,535: negative ones are real.

    Memory is bounded by the strip, whatever height and width say. Raises Damaged.
    """
    if height < 1 or width < 1 or height * width > 2 * len(data):
        raise Damaged(f"{len(data):,} bytes are too few for {width} x {height} pixels")
    packed = np.frombuffer(data, np.uint8)
    nibbles = np.empty(2 * len(packed), np.uint8)
    nibbles[0::2], nibbles[1::2] = packed & 15, packed >> 4
    last = np.flatnonzero(nibbles < 8)
    spare = len(last) - height * width
    if spare == 1 and nibbles[-1] == 0 and last[-2] == len(nibbles) - 2:
        last = last[:-1]
    elif spare or last[-1] != len(nibbles) - 1:
        raise Damaged(f"its strip holds {len(last):,} numbers for {width} x {height} pixels")
    return _levels(_numbers(nibbles & 7, last).reshape(height, width))


def _numbers(digits: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The numbers whose last digits stand at `last`; most have one or two, so the rest is looked at again and again."""
    lengths = np.diff(last, prepend=-1)
    if lengths.max() > LONGEST:
        raise Damaged("a number in its strip is too long")
    top = digits[last].astype(np.int64)
    numbers = top - ((top & 4) << 1)
    longer, step = np.flatnonzero(lengths > 1), 1
    while len(longer):
        numbers[longer] = (numbers[longer] << 3) | digits[last[longer] - step]
        step += 1
        longer = longer[lengths[longer] > step]
    return numbers


def _levels(differences: np.ndarray) -> np.ndarray:
    levels = differences.cumsum(axis=0).cumsum(axis=1)
    if levels.min() < -(2**15) or levels.max() >= 2**16:
        raise Damaged(f"its grey levels, {levels.min():,} to {levels.max():,}, are not of 16 bit")
    return levels


def decode_mask(data: bytes, height: int, width: int) -> np.ndarray:
    """Mask values 0 to 3 of a strip, shape (height, width), uint8. Raises Damaged."""
    packed = np.frombuffer(data, np.uint8)
    values, runs = packed[0::2], packed[1::2].astype(np.int64) + 1
    if len(packed) % 2 or runs.sum() != height * width:
        raise Damaged(f"its mask has {runs.sum():,} pixels, not {width} x {height}")
    if values.max() > 3:
        raise Damaged(f"its mask has the value {values.max()}, and only 0 to 3 are known")
    return np.repeat(values, runs).reshape(height, width)
