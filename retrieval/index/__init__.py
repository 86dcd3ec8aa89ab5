"""The indexes of a collection, by meaning and by words, in memory and as snapshots on the disk."""
