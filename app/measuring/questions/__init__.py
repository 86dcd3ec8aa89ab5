"""Question sets: the layouts that can be read, the part that is asked, and where their answers stand."""
