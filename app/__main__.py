"""`python -m app` is `fathom`: the way one process of Fathom starts another."""

from app.cli import main

if __name__ == "__main__":
    main()
