"""Components of pages: each module draws one thing."""
