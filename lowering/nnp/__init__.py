"""From the nn dialect to NNabla's functions: ``expand-for-nnp``, then ``lower-to-nnp``."""
