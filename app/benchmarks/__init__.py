"""`fathom bench`: how fast this installation is here, beside a named peer in the same run."""
