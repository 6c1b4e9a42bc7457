"""Where data sets are read, checked and fingerprinted; the only room that imports mteb or beir."""
