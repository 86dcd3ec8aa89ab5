"""Load an index file and search it once, in a process of its own: `python -m retrieval.index.trial FILE DIM`.

Ends with status 0 where that works. On a damaged file hnswlib may end the process, and then only this one.
"""

import sys
from pathlib import Path

import numpy as np

from retrieval.config import HnswConfig
from retrieval.errors import CorruptIndexError
from retrieval.index.hnsw import HnswIndex

_NEIGHBOURS = 10


def run(path: Path, dim: int) -> int:
    """Load and search; give the number of live vectors.

    Raises:
        CorruptIndexError: The search found fewer than it must.
    """
    index = HnswIndex(dim, HnswConfig(exact_below=0))
    index.load(path)
    ids, _ = index.search(np.ones(dim, dtype=np.float32), _NEIGHBOURS)
    if len(ids) != min(_NEIGHBOURS, len(index)):
        raise CorruptIndexError(f"{path} gave {len(ids)} of {_NEIGHBOURS} neighbours; rebuild the index")
    return len(index)


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
