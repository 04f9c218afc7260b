"""From NNabla's functions to those of nnabla-c-runtime: ``lower-to-nnb``."""
