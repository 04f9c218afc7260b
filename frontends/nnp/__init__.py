"""NNabla NNP files: reader, importer to the nnp dialect, loop expansion, lift to nn. May import `ir` only."""
