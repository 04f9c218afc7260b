"""How much a compressed file may unpack to before it is taken for a bomb."""

UNPACKED_FLOOR = 256 << 20
MOST_EXPANSION = 100


def unpacked_limit(size: int) -> int:
    """The most bytes that a file of ``size`` bytes may unpack to: trained weights never shrink to a hundredth."""
    return max(UNPACKED_FLOOR, MOST_EXPANSION * size)
