"""nnp dialect -> NNabla NNP files. May import `ir` only."""
