"""Speed: `fathom bench`."""
