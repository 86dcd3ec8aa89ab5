"""Quality: `fathom eval`, `fathom tune` and `fathom train calibrate`."""
