"""The parts of `equalize-channels`: which channels have to be rescaled together, and by what."""
