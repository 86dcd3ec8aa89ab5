"""One module per page; each has a `render` function.

The folder is not called `pages`: beside the main script, Streamlit takes that name for its older way of making
pages, and an address such as `/collections` would run the module as a script of its own.
"""
