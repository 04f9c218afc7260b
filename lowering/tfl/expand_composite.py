"""Operations that TFLite has nothing like: made of others, as for any target."""

from __future__ import annotations

from .. import determinants, fourier, indexing, sampling
from .expansion import expands

expands("grid_sample")(sampling.grid_sample)
expands("deform_conv")(sampling.deform_conv)
expands("roi_align")(sampling.roi_align)
expands("det")(determinants.det)
expands("inverse")(determinants.inverse)
expands("dft")(fourier.dft)
expands("compress")(indexing.compress)
expands("scatter_elements")(indexing.scatter_elements)
expands("max_pool_with_indices")(indexing.max_pool_with_indices)
