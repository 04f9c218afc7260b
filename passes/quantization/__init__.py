"""The parts of `quantize-int8`: what becomes int8, with which scales, how weights are stored, what it costs."""
