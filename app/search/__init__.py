"""From a question to ranked passages: what is searched, with which settings, and the search itself."""
